import { setTimeout as wait } from 'node:timers/promises'

// What setTimeout takes.
const LONGEST = 2 ** 31 - 1

/** When each event of a recording is due: at its distance in time from the first one, divided by the speed. */
export class Pace {
  readonly #speed: number
  #first: number | undefined
  #started = 0

  /** `Infinity` for as fast as possible. */
  constructor(speed: number) {
    this.#speed = speed
  }

  /** Milliseconds until an event of that time is due; 0 or less when it is. */
  delay(timestampMicros: number): number {
    if (this.#speed === Infinity) return 0
    if (this.#first === undefined) {
      this.#first = timestampMicros
      this.#started = performance.now()
    }
    const due = this.#started + (timestampMicros - this.#first) / 1000 / this.#speed
    return due - performance.now()
  }

  /** Waits until an event of that time is due. Rejects when the signal is aborted. */
  async until(timestampMicros: number, signal: AbortSignal): Promise<void> {
    for (let left = this.delay(timestampMicros); left > 0; left = this.delay(timestampMicros)) {
      await wait(Math.min(Math.ceil(left), LONGEST), undefined, { signal })
    }
  }
}
