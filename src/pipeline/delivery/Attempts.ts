import type { FileEvent } from '../../events/index.js'
import { Circuit, type CircuitState, type RetrySettings } from './Circuit.js'

/** The most events that a sink gets in one call of `write`: a sink that is behind catches up faster with many. */
export const batchSize = 8192

/** Attempts to write to a sink, and the waits between them. */
export class Attempts {
  readonly #circuit: Circuit
  readonly #onWait: (error: unknown) => void
  #isWaitTold = false
  #wake: () => void = () => undefined

  /** `onWait` is called once for each time in which the sink fails, when it is to be tried again. */
  constructor(settings: RetrySettings | undefined, onWait: (error: unknown) => void) {
    this.#circuit = new Circuit(settings)
    this.#onWait = onWait
  }

  get state(): CircuitState {
    return this.#circuit.state
  }

  get retries(): number {
    return this.#circuit.retries
  }

  /** How many events the next attempt is to have: one is enough to see whether a sink is back that has failed often. */
  get most(): number {
    return this.#circuit.state === 'closed' ? batchSize : 1
  }

  /** Begins an attempt, and says with what. */
  begin(events: readonly FileEvent[]): readonly FileEvent[] {
    const { most } = this
    this.#circuit.attempt()
    return events.slice(0, most)
  }

  succeeded(): void {
    this.#circuit.succeeded()
    this.#isWaitTold = false
  }

  /** Milliseconds until the next attempt, or `undefined` when there is to be none. */
  failed(error: unknown): number | undefined {
    const delay = this.#circuit.failed(error)
    if (delay !== undefined && !this.#isWaitTold) {
      this.#isWaitTold = true
      this.#onWait(error)
    }
    return delay
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Ends a pause. */
  wake(): void {
    this.#wake()
  }
}
