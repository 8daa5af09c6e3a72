import type { FileEvent } from '../../events/index.js'
import { Circuit, type CircuitState, type RetrySettings } from './Circuit.js'

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

  /** Begins an attempt, and says with what: one event is enough to see whether the sink is back. */
  begin(events: readonly FileEvent[]): readonly FileEvent[] {
    this.#circuit.attempt()
    return this.#circuit.state === 'closed' ? events : events.slice(0, 1)
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
