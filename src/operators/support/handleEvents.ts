import { Observable, Subscriber } from 'rxjs'
import type { Operator } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'

/** What an operator does with one subscription. Whatever `next` and `complete` throw becomes the stream's error. */
export interface EventHandlers {
  next(event: FileEvent): void
  /** Called once when the input completes, and is then to complete the output. Without it, that happens at once. */
  complete?(): void
  /** Called once when the input fails; the output then fails with what it returns. */
  error?(error: unknown): unknown
  /** Called once however the subscription ends: the place to let go of timers and state. */
  dispose?(): void
}

/**
 * An operator made of handlers; `start` is called for each subscription, so that none shares state.
 *
 * Errors of the input pass through. Unsubscribing reaches the input at once, also while it emits synchronously.
 */
export function handleEvents(start: (output: Subscriber<FileEvent>) => EventHandlers): Operator {
  return (source) =>
    new Observable<FileEvent>((output) => {
      const handlers = start(output)
      const input = new HandledInput(output, handlers)
      output.add(() => handlers.dispose?.())
      source.subscribe(input)
    })
}

/** One subscriber between input and output, and not several operators of RxJS: each takes its time with each event. */
class HandledInput extends Subscriber<FileEvent> {
  readonly #output: Subscriber<FileEvent>
  readonly #handlers: EventHandlers

  constructor(output: Subscriber<FileEvent>, handlers: EventHandlers) {
    // It is to go in version 8 of RxJS, which the range of the peer dependency leaves out.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    super(output)
    this.#output = output
    this.#handlers = handlers
  }

  protected override _next(event: FileEvent): void {
    try {
      this.#handlers.next(event)
    } catch (error) {
      this.#output.error(error)
    }
  }

  protected override _error(error: unknown): void {
    super._error(this.#handlers.error === undefined ? error : this.#handlers.error(error))
  }

  protected override _complete(): void {
    try {
      if (this.#handlers.complete === undefined) this.#output.complete()
      else this.#handlers.complete()
    } catch (error) {
      this.#output.error(error)
    } finally {
      this.unsubscribe()
    }
  }
}
