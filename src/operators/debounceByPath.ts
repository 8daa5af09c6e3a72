import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { rejectUnknownOptions } from '../errors/index.js'
import { eventGroups, type FileEvent } from '../events/index.js'
import type { Burst } from './debounce/BurstStore.js'
import { handleEvents } from './support/handleEvents.js'
import { isOver } from './support/isOver.js'
import {
  optionObject,
  requireBoolean,
  requireMaxWait,
  requireMillis,
  requireScheduler,
} from './support/optionChecks.js'
import { PendingBursts } from './debounce/PendingBursts.js'

export interface DebounceByPathOptions {
  /** Milliseconds after which a burst is told even when it goes on. Default: no limit. */
  readonly maxWait?: number
  /** Tell the first event of a burst at once, and the rest of it at its end. Default false. */
  readonly leading?: boolean
  /** Where time comes from. Default RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike
}

/**
 * Emits, for each path, one event a burst: the last one, enriched with what the burst held.
 *
 * ```
 * source:             --c-m-w------x-d------|    c: CREATE /a    m: MODIFY /a    w: CLOSE_WRITE /a
 * debounceByPath(4)                              x: MODIFY /b    d: DELETE /b
 * result:             ----------C--------d--|    C: CREATE /a, with the fields of w
 * ```
 *
 * A burst ends when its path has been quiet for `quietMs` milliseconds, or `maxWait` milliseconds after it began.
 * A create followed by writes stays a `CREATE`, a create followed by a delete is nothing, anything before a delete
 * is the `DELETE`, a file that was deleted and made anew is a `CREATE`. `CREATE` and `RENAME` stand for the
 * writes in the same burst too. A `RENAME` carries the pending state of the old path over to the new one; for a
 * directory, that of all paths below. Paths are told in the order of their last events, but a directory before
 * what is in it. What one event per path could not express is told early rather than wrongly, so a consumer that
 * applies the events ends with the same tree as without this operator, given that renames are joined before it.
 *
 * Control events pass at once. Pending events are emitted on complete and before `MONITOR_STOP`, and dropped on
 * error and unsubscribe. Throws FSFLOW_INVALID_OPTION.
 */
export function debounceByPath(quietMs: number, options: DebounceByPathOptions = {}): Operator {
  requireMillis('debounceByPath', 'quietMs', quietMs)
  optionObject('debounceByPath', options)
  rejectUnknownOptions('debounceByPath', options, ['maxWait', 'leading', 'scheduler'])
  const { maxWait, leading = false, scheduler = asyncScheduler } = options
  if (maxWait !== undefined) requireMaxWait('debounceByPath', maxWait, quietMs)
  requireBoolean('debounceByPath', 'leading', leading)
  requireScheduler('debounceByPath', scheduler)
  return describeOperator(
    {
      name: 'debounceByPath',
      options: { quietMs, ...(maxWait !== undefined && { maxWait }), leading },
      needsPath: true,
      needsTypes: (wanted) => new Set([...eventGroups.changes, ...wanted]),
    },
    handleEvents((output) => {
      const debouncer = new Debouncer(quietMs, maxWait, leading, scheduler, (event) => output.next(event))
      return {
        next: (event) => debouncer.take(event),
        complete() {
          debouncer.flush()
          output.complete()
        },
        dispose: () => debouncer.drop(),
      }
    }),
  )
}

class Debouncer {
  readonly #quietMs: number
  readonly #maxWait: number
  readonly #scheduler: SchedulerLike
  readonly #emit: (event: FileEvent) => void
  readonly #bursts: PendingBursts
  // One timer for all paths. It may find that its burst went on, and is then set anew.
  #timer: Subscription | undefined

  constructor(
    quietMs: number,
    maxWait: number | undefined,
    leading: boolean,
    scheduler: SchedulerLike,
    emit: (event: FileEvent) => void,
  ) {
    this.#quietMs = quietMs
    this.#maxWait = maxWait ?? Infinity
    this.#scheduler = scheduler
    this.#emit = emit
    this.#bursts = new PendingBursts(leading, emit)
  }

  take(event: FileEvent): void {
    if (event.isControl || event.filePath === '') {
      if (event.eventType === 'MONITOR_STOP') this.flush()
      this.#emit(event)
      return
    }
    this.#bursts.take(event, this.#scheduler.now())
    this.#setTimer()
  }

  flush(): void {
    this.#bursts.endAll()
    this.#setTimer()
  }

  drop(): void {
    this.#bursts.store.clear()
    this.#setTimer()
  }

  #setTimer(): void {
    const { quietest, oldest } = this.#bursts.store
    if (quietest === undefined || oldest === undefined) {
      this.#timer?.unsubscribe()
      this.#timer = undefined
    } else if (this.#timer === undefined) {
      const now = this.#scheduler.now()
      const delay = Math.min(quietest.touched + this.#quietMs, oldest.since + this.#maxWait) - now
      this.#timer = this.#scheduler.schedule(
        () => {
          this.#timer = undefined
          this.#endDue()
          this.#setTimer()
        },
        Math.min(Math.max(0, delay), this.#quietMs),
      )
    }
  }

  #endDue(): void {
    const now = this.#scheduler.now()
    for (let due = this.#due(now); due !== undefined; due = this.#due(now)) this.#bursts.end(due)
  }

  #due(now: number): Burst | undefined {
    const { quietest, oldest } = this.#bursts.store
    const quiet = quietest !== undefined && isOver(quietest.touched, this.#quietMs, now)
    const old = oldest !== undefined && isOver(oldest.since, this.#maxWait, now)
    if (quiet && old) return quietest.order < oldest.order ? quietest : oldest
    return quiet ? quietest : old ? oldest : undefined
  }
}
