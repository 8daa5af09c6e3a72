import { writeSync } from 'node:fs'
import { quantile } from '../measure/median.js'
import type { WatcherReport } from '../watchers/Watcher.js'

/** `count` counts, `latency` reads the times that names tell as well, `block` keeps the thread busy at the first event. */
export type TallyMode = 'count' | 'latency' | 'block'

const BLOCK_MS = 5000
// A program that measures says so here, since its standard output may be what is measured.
const REPORT = 3

/** What a subscriber does with events: as little as possible, and the same whatever it subscribes to. */
export class Tally {
  readonly directory = process.argv[2]!
  readonly mode = process.argv[3] as TallyMode
  events = 0
  overflows = 0
  #bytes = 0
  #readyMs = 0
  #nodeReadyMs = 0
  #isReady = false
  #hasBlocked = false
  readonly #began = performance.now()
  readonly #latencies: number[] = []

  /** `close` ends the watching. */
  constructor(close: () => void | Promise<void>) {
    process.once('SIGTERM', () => void this.#end(close))
  }

  ready(): void {
    const now = performance.now()
    this.#readyMs = now - this.#began
    this.#nodeReadyMs = now - performance.nodeTiming.bootstrapComplete
    this.#isReady = true
    writeSync(REPORT, 'ready\n')
  }

  saw(path: string): void {
    this.events++
    // Whoever subscribes wants to know the path: one that is made only when it is asked for has to be made here.
    this.#bytes += path.length
    if (this.mode === 'count' || !this.#isReady) return
    if (this.mode === 'latency') this.#time(path)
    else if (!this.#hasBlocked) {
      this.#hasBlocked = true
      block()
    }
  }

  #time(path: string): void {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (/^t\d+$/.test(name)) {
      this.#latencies.push(Number(process.hrtime.bigint() - BigInt(name.slice(1))) / 1e6)
    }
  }

  async #end(close: () => void | Promise<void>): Promise<void> {
    await close()
    const times = this.#latencies
    const report: WatcherReport & { bytes: number } = {
      events: this.events,
      overflows: this.overflows,
      bytes: this.#bytes,
      ownReadyMs: this.#readyMs,
      nodeReadyMs: this.#nodeReadyMs,
      ...(times.length > 0 && {
        latency: [quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1)],
        samples: times.length,
      }),
    }
    writeSync(REPORT, `${JSON.stringify(report)}\n`)
    process.exit()
  }
}

function block(): void {
  const until = performance.now() + BLOCK_MS
  while (performance.now() < until);
}
