import { concatAll, Subject, type Observable } from 'rxjs'
import type { Operator } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { handleEvents } from './handleEvents.js'

/** What an operator does with the events of one subscription, each of which may take its time. */
export interface OrderedHandlers {
  /** Subscribed to at the start; events wait until it completes. */
  readonly first?: Observable<FileEvent>
  /** Called when the event arrives. What it returns is subscribed to when all events before it are done. */
  take(event: FileEvent): Observable<FileEvent>
  /** Called when the input completes, while events may still be waiting for their turn. */
  complete?(): void
}

/**
 * An operator that makes a stream of each event and emits these streams one after the other.
 *
 * Control events do not wait. On complete, the events that wait still have their turn; on error and unsubscribe
 * they are dropped.
 */
export function inOrder(start: () => OrderedHandlers): Operator {
  return handleEvents((output) => {
    const handlers = start()
    const waiting = new Subject<Observable<FileEvent>>()
    const work = waiting.pipe(concatAll()).subscribe({
      next: (event) => output.next(event),
      error: (error: unknown) => output.error(error),
      complete: () => output.complete(),
    })
    if (handlers.first !== undefined) waiting.next(handlers.first)
    return {
      next(event) {
        if (event.isControl) output.next(event)
        else waiting.next(handlers.take(event))
      },
      complete() {
        handlers.complete?.()
        waiting.complete()
      },
      dispose: () => work.unsubscribe(),
    }
  })
}
