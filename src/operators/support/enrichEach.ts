import { concatMap, Subject, type Observable } from 'rxjs'
import type { Operator } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { handleEvents } from './handleEvents.js'

/**
 * An operator that makes one event of each, in order: while a lookup has not answered, later events wait. Control
 * events do not wait. On complete, the events that wait are still looked up and emitted; on error and unsubscribe
 * they are dropped.
 */
export function enrichEach(enrich: (event: FileEvent) => Observable<FileEvent>): Operator {
  return handleEvents((output) => {
    const waiting = new Subject<FileEvent>()
    const work = waiting.pipe(concatMap(enrich)).subscribe({
      next: (event) => output.next(event),
      error: (error: unknown) => output.error(error),
      complete: () => output.complete(),
    })
    return {
      next(event) {
        if (event.isControl) output.next(event)
        else waiting.next(event)
      },
      complete: () => waiting.complete(),
      dispose: () => work.unsubscribe(),
    }
  })
}
