import { setTimeout as delay } from 'node:timers/promises'
import type { FileEvent } from '../../events/index.js'
import { nowMicros } from '../../linux/clock.js'

// A tree that never is quiet, or a repair that does not end, must not be waited for without end.
const MAX_QUIETS = 20

/** Knows up to which moment the stream has told what the kernel has reported. */
export class ToldSoFar {
  readonly #quiet: number
  #lastArrival = -Infinity
  #lastRead = 0
  #isRepairing = false
  events = 0
  overflows = 0

  /** `quiet`: milliseconds without an event that suffice. */
  constructor(quiet: number) {
    this.#quiet = quiet
  }

  take(event: FileEvent): void {
    this.events++
    this.#lastArrival = performance.now()
    this.#lastRead = event.timestampMicros
    if (event.eventType === 'OVERFLOW') {
      this.overflows++
      this.#isRepairing = true
    } else if (event.eventType === 'RECOVERED') this.#isRepairing = false
  }

  /**
   * Resolves when all that the kernel had reported at the time of the call has been told: true; or false when that
   * did not become clear within some time, or when it `isOver`.
   *
   * That is so when there was no event for a while, or when an event is told that was read clearly later: the
   * kernel's queue is read in order, and is not longer than what is read in that time.
   */
  async upToNow(isOver: () => boolean): Promise<boolean> {
    const quiet = this.#quiet
    const since = performance.now()
    const readAfter = nowMicros() + quiet * 1000
    while (!isOver()) {
      const now = performance.now()
      const rest = Math.max(since, this.#lastArrival) + quiet - now
      const isTold = rest <= 0 || this.#lastRead > readAfter
      if (isTold && !this.#isRepairing) return true
      if (now - since > quiet * MAX_QUIETS) return false
      await delay(Math.min(Math.max(rest, 1), quiet))
    }
    return false
  }
}
