import { defer, type Observable } from 'rxjs'
import type { Operator } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { inOrder } from './inOrder.js'

/**
 * An operator that makes one event of each, in order: while a lookup has not answered, later events wait. Control
 * events do not wait. On complete, the events that wait are still looked up and emitted; on error and unsubscribe
 * they are dropped.
 */
export function enrichEach(enrich: (event: FileEvent) => Observable<FileEvent>): Operator {
  return inOrder(() => ({ take: (event) => defer(() => enrich(event)) }))
}
