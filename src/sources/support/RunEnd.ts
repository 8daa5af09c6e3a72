import type { RunContext } from '../../contracts/index.js'

/** The end of one run of a source: it is to stop, or nobody listens any more. */
export class RunEnd {
  readonly #context: RunContext
  readonly #controller = new AbortController()
  readonly #onAbort = (): void => this.reach()
  /** Resolves at the end. */
  readonly reached: Promise<void>

  constructor(context: RunContext) {
    this.#context = context
    this.reached = new Promise((resolve) => {
      this.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    if (context.signal.aborted) this.reach()
    else context.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  // A method: what a getter said before an await is not what it says then.
  isReached(): boolean {
    return this.signal.aborted
  }

  reach(): void {
    this.#controller.abort()
    this.#context.signal.removeEventListener('abort', this.#onAbort)
  }

  /** Waits until the sinks have room, or the end: nothing is lost by waiting, and what they cannot hold would be. */
  async room(): Promise<void> {
    const room = this.#context.room?.()
    if (room !== undefined) await Promise.race([room, this.reached])
  }
}
