import { Observable, Subject, takeUntil, type Subscriber } from 'rxjs'
import type { Operator } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'

/** What an operator does with one subscription. Whatever `next` and `complete` throw becomes the stream's error. */
export interface EventHandlers {
  next(event: FileEvent): void
  /** Called once when the input completes, and is then to complete the output. Without it, that happens at once. */
  complete?(): void
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
      // A plain subscription is not there yet to be closed when a synchronous source is still emitting.
      const closed = new Subject<void>()
      output.add(() => {
        closed.next()
        handlers.dispose?.()
      })
      source.pipe(takeUntil(closed)).subscribe({
        next: (event) => {
          try {
            handlers.next(event)
          } catch (error) {
            output.error(error)
          }
        },
        error: (error: unknown) => output.error(error),
        complete: () => {
          if (output.closed) return
          try {
            if (handlers.complete === undefined) output.complete()
            else handlers.complete()
          } catch (error) {
            output.error(error)
          }
        },
      })
    })
}
