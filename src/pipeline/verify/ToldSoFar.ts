import { setTimeout as delay } from 'node:timers/promises'
import type { FileEvent } from '../../events/index.js'
import { nowMicros } from '../../linux/clock.js'

// A tree that never is quiet, or a repair that does not end, must not be waited for without end.
const MAX_QUIETS = 20

// What is polled is told late.
const pollWarnings: ReadonlySet<string> = new Set(['FSFLOW_WATCH_LIMIT', 'FSFLOW_BLIND'])

/** Knows up to which moment the stream has told what happened. */
export class ToldSoFar {
  readonly #quiet: number
  readonly #polledQuiet: number
  #lastArrival = -Infinity
  #lastRead = 0
  #isRepairing = false
  #isPolling = false
  events = 0
  overflows = 0

  /** Milliseconds without an event that suffice; the second number once something is polled. */
  constructor(quiet: number, polledQuiet: number) {
    this.#quiet = quiet
    this.#polledQuiet = polledQuiet
  }

  take(event: FileEvent): void {
    this.events++
    this.#lastArrival = performance.now()
    this.#lastRead = event.timestampMicros
    if (event.eventType === 'OVERFLOW') {
      this.overflows++
      this.#isRepairing = true
    } else if (event.eventType === 'RECOVERED') this.#isRepairing = false
    else if (pollWarnings.has(event.controlDetails?.code ?? '')) this.#isPolling = true
  }

  /**
   * Resolves when all that had happened at the time of the call has been told: true; or false when that did not
   * become clear within some time, or when it `isOver`.
   *
   * That is so when there was no event for a while, or when an event is told that was read clearly later: the
   * kernel's queue is read in order, and is not longer than what is read in that time.
   */
  async upToNow(isOver: () => boolean): Promise<boolean> {
    const quiet = this.#isPolling ? this.#polledQuiet : this.#quiet
    const since = performance.now()
    const readAfter = nowMicros() + quiet * 1000
    while (!isOver()) {
      const now = performance.now()
      const rest = Math.max(since, this.#lastArrival) + quiet - now
      const isTold = rest <= 0 || (!this.#isPolling && this.#lastRead > readAfter)
      if (isTold && !this.#isRepairing) return true
      if (now - since > quiet * MAX_QUIETS) return false
      await delay(Math.min(Math.max(rest, 1), quiet))
    }
    return false
  }
}
