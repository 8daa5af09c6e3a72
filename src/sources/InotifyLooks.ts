import type { LookCycles } from '../contracts/index.js'

export interface LookHost {
  /** True when there is something to look for. */
  readonly isNeeded: boolean
  /** True while something is under way that a look may have begun. */
  readonly isBusy: boolean
  /** Looks at the next part; `isFirst` of a cycle. True when that was the last one. */
  look(isFirst: boolean): boolean
}

// Looking takes at most this share of the time, however large the tree.
const SHARE = 0.02
// What took very long was held up by something else: that must not put off the next look for ever.
const MAX_PAUSE_MS = 30_000

/**
 * When it is looked for what no record tells: in cycles, which begin at most once in an interval, each in parts. Behind
 * each part is a pause, so long that the main thread is busy with looking for a small share of the time only.
 */
export class InotifyLooks {
  readonly #interval: number
  readonly #host: LookHost
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #isOpen = false
  #isCycleOver = true
  #cycleStart = -Infinity
  /** What the part that is under way has taken so far. */
  #busyMs = 0
  #begun = 0
  #ended = 0

  constructor(intervalMs: number, host: LookHost) {
    this.#interval = intervalMs
    this.#host = host
  }

  get cycles(): LookCycles {
    return { needed: this.#host.isNeeded, begun: this.#begun, ended: this.#ended }
  }

  /** The main thread was busy for so long: while a look is under way, that counts as part of it. */
  spent(ms: number): void {
    if (this.#isOpen) this.#busyMs += ms
    this.#goOn()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #goOn(): void {
    if (this.#timer !== undefined || this.#isStopped || this.#host.isBusy) return
    const pause = Math.min(this.#busyMs / SHARE, MAX_PAUSE_MS)
    this.#isOpen = false
    this.#busyMs = 0
    if (this.#isCycleOver) this.#ended = this.#begun
    if (!this.#host.isNeeded) return
    const untilNextCycle = this.#isCycleOver ? this.#cycleStart + this.#interval - performance.now() : 0
    this.#timer = setTimeout(() => this.#look(), Math.max(untilNextCycle, pause))
  }

  #look(): void {
    const isFirst = this.#isCycleOver
    if (isFirst) {
      this.#cycleStart = performance.now()
      this.#begun++
    }
    this.#isOpen = true
    this.#isCycleOver = this.#host.look(isFirst)
    this.#timer = undefined
    this.#goOn()
  }
}
