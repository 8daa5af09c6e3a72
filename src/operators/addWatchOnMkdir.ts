import type { Operator } from '../contracts/index.js'
import type { EventType } from '../events/index.js'
import { eachEvent } from './support/eachEvent.js'

const births: ReadonlySet<EventType> = new Set<EventType>(['CREATE', 'MOVED_TO', 'RENAME'])

/**
 * Watches each directory that appears, and has its content told.
 *
 * ```
 * source:            --d--xy--f--|    d: CREATE /d, a directory    x, y: what is in it
 * addWatchOnMkdir()    ^               the source is told to follow /d, so that it tells x and y
 * result:            --d--xy--f--|
 * ```
 *
 * The event itself is emitted before its directory is watched, so parents come before children. A directory
 * that is made (`CREATE`) or moved in (`MOVED_TO`, or `RENAME` after `joinRenames()`) is followed; events from a
 * file or a broker have nothing to follow and pass. It holds nothing back: complete, error and unsubscribe pass
 * at once. Without it, only the directories that were there at the start are watched, see inotify(7),
 * "Limitations and caveats".
 */
export function addWatchOnMkdir(): Operator {
  return eachEvent({
    name: 'addWatchOnMkdir',
    transparent: true,
    needsTypes: (wanted) => new Set([...wanted, 'CREATE', 'MOVED_TO'] as const),
    after(event) {
      if (!event.isDirectory || !births.has(event.eventType)) return undefined
      return () => event.origin?.follow()
    },
  })
}
