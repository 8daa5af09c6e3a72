import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { rejectUnknownOptions } from '../errors/index.js'
import type { EventType } from '../events/index.js'
import { handleEvents } from './support/handleEvents.js'
import { optionObject, requireMillis, requireScheduler } from './support/optionChecks.js'
import { PendingMoves } from './renames/PendingMoves.js'

export interface JoinRenamesOptions {
  /** Milliseconds to wait for the second half of a rename. Default 10. */
  readonly window?: number
  /** Where time comes from. Default RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike
}

const made: readonly EventType[] = ['RENAME', 'CREATE', 'DELETE', 'MOVED_FROM', 'MOVED_TO']

/**
 * Joins the two halves of a rename to one `RENAME` with `oldPath` and `filePath`.
 *
 * ```
 * source:         --ft--m--g-----------u-|    f: MOVED_FROM /a   t: MOVED_TO /b, same cookie   m: MODIFY /c
 * joinRenames()                                  g: MOVED_FROM /x   u: MOVED_TO /y, alone
 * result:         ---r--m------------d-c-|    r: RENAME /a -> /b   d: DELETE /x   c: CREATE /y
 * ```
 *
 * A `MOVED_FROM` waits for the `MOVED_TO` with its cookie, for `window` milliseconds at most (twice that when the
 * event loop was blocked meanwhile), and no longer than until the next change of an entry in its directory: the
 * kernel holds both directories during a rename, so nothing comes between its halves there. Halves that stay alone
 * become `DELETE` (moved out) and `CREATE` (moved in). All other events pass without delay. A `RENAME` has the
 * fields of its `MOVED_TO`, so `addWatchOnMkdir()` works before and after it.
 *
 * On complete, and before `OVERFLOW` and `MONITOR_STOP`, waiting halves are emitted as `DELETE`; on error and
 * unsubscribe they are dropped. Needs paths: put it after `resolvePath()`. Throws FSFLOW_INVALID_OPTION.
 *
 * See inotify(7), "Dealing with rename() events".
 */
export function joinRenames(options: JoinRenamesOptions = {}): Operator {
  optionObject('joinRenames', options)
  rejectUnknownOptions('joinRenames', options, ['window', 'scheduler'])
  const { window = 10, scheduler = asyncScheduler } = options
  requireMillis('joinRenames', 'window', window)
  requireScheduler('joinRenames', scheduler)
  return describeOperator(
    {
      name: 'joinRenames',
      options: { window },
      needsPath: true,
      // A rename into or out of a directory that is not watched comes as a half, which is told as what a filter
      // after this operator makes of the whole: so excludes may be moved past it.
      transparent: true,
      needsTypes: (wanted) =>
        made.some((type) => wanted.has(type))
          ? new Set([...wanted, 'MOVED_FROM', 'MOVED_TO'] as const)
          : wanted,
    },
    handleEvents((output) => {
      const moves = new PendingMoves(window, scheduler, (event) => output.next(event))
      return {
        next: (event) => moves.take(event),
        complete() {
          moves.flush()
          output.complete()
        },
        dispose: () => moves.drop(),
      }
    }),
  )
}
