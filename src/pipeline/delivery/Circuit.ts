import { FsflowError } from '../../errors/index.js'
import { backOff, type Pace } from './backOff.js'

/** `closed`: batches are written; `open`: they are not; `half-open`: one event is, to see how it goes. */
export type CircuitState = 'closed' | 'open' | 'half-open'

export interface RetrySettings extends Pace {
  /** After how many failures in a row the circuit opens. */
  readonly openAfter: number
  /** Milliseconds of failures after which it is given up; `Infinity` for never. */
  readonly giveUpAfter: number
}

/** Whether, and when, a sink that has failed is to be tried again. */
export class Circuit {
  retries = 0
  readonly #settings: RetrySettings | undefined
  #state: CircuitState = 'closed'
  #failures = 0
  #since = 0

  /** Without settings nothing is tried again. */
  constructor(settings: RetrySettings | undefined) {
    this.#settings = settings
  }

  get state(): CircuitState {
    return this.#state
  }

  /** To be called before an attempt. */
  attempt(): void {
    if (this.#failures > 0) this.retries++
    if (this.#state === 'open') this.#state = 'half-open'
  }

  succeeded(): void {
    this.#failures = 0
    this.#state = 'closed'
  }

  /** Milliseconds until the next attempt, or `undefined` when there is to be none. */
  failed(error: unknown, now: number = performance.now()): number | undefined {
    const settings = this.#settings
    if (settings === undefined || isFinal(error)) return undefined
    if (this.#failures === 0) this.#since = now
    const delay = backOff(settings, this.#failures, askedBy(error))
    this.#failures++
    if (now + delay - this.#since > settings.giveUpAfter) return undefined
    if (this.#failures >= settings.openAfter) this.#state = 'open'
    return delay
  }
}

// By name, for an error may come from another copy of the package.
function isFinal(error: unknown): boolean {
  return FsflowError.is(error) && 'final' in error && error.final === true
}

function askedBy(error: unknown): number {
  if (!FsflowError.is(error) || !('retryAfter' in error)) return 0
  return typeof error.retryAfter === 'number' ? error.retryAfter : 0
}
