import {
  asyncScheduler,
  defaultIfEmpty,
  defer,
  EMPTY,
  filter,
  merge,
  mergeMap,
  of,
  take,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { EventType, FileEvent } from '../events/index.js'
import { contentDigest } from '../linux/contentDigest.js'
import { KnownContent } from './content/KnownContent.js'
import { PendingChanges, type Change } from './content/PendingChanges.js'
import { rawPathOf } from './renames/pathBytes.js'
import { inOrder } from './support/inOrder.js'
import {
  optionObject,
  requireCount,
  requireLookup,
  requireMillis,
  requireScheduler,
} from './support/optionChecks.js'

/**
 * Tells what a file holds: a text that is the same while it is the same file with the same bytes, or `null` when
 * that cannot be known. `bytes` is the raw path of a name that is not valid UTF-8. Only the first value counts.
 */
export type ContentLookup = (path: string, bytes?: Uint8Array) => Observable<string | null>

export interface DistinctContentOptions {
  /** Bytes; changes of larger files always pass. Default 16 MiB. */
  readonly maxSize?: number
  /** How many files to remember; a change of one that was forgotten passes. Default 100,000. */
  readonly maxPaths?: number
  /** Milliseconds that a `MODIFY` waits for the `CLOSE_WRITE` of the same save. Default 100. */
  readonly window?: number
  /** Where the content is looked up. Default SHA-256 of device, inode and content. */
  readonly lookup?: ContentLookup
  /** Where time comes from. Default RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike
}

const needed: readonly EventType[] = [
  'MODIFY',
  'CLOSE_WRITE',
  'CREATE',
  'DELETE',
  'MOVED_FROM',
  'MOVED_TO',
  'RENAME',
  'DELETE_SELF',
  'MOVE_SELF',
]

/**
 * Lets a change of content pass only when the bytes of the file differ from what was told last.
 *
 * ```
 * source:            -m-w---m-w---m-w---|    m: MODIFY /a    w: CLOSE_WRITE /a
 * distinctContent()                          the first two saves are of the same bytes, the third is not
 * result:            ---w-----------w---|
 * ```
 *
 * A file is read at its `CLOSE_WRITE`. A `MODIFY` waits for what comes next, since in the midst of a save the bytes
 * are neither the old nor the new ones: when another `MODIFY` or the `CLOSE_WRITE` of the file, or its `DELETE`,
 * comes within `window` milliseconds, it is left out, and the later event is decided on; else the file is read. So
 * saving the same bytes again is told by no event, and other bytes by at least one after the last of them. Where
 * that was a `MODIFY`, the `CLOSE_WRITE` that follows passes as well, as the sign that the writer is done. The
 * `MODIFY` that a scan made does not wait.
 *
 * What is not known passes: the first change of a file, also after `CREATE` and `MOVED_TO`; one of a file that is
 * gone or renamed by now, cannot be read, is larger than `maxSize` or no regular file; one of a file that was
 * forgotten because `maxPaths` others changed since. A `RENAME` takes along what is known, for a directory that of
 * all files below. All events of other types pass.
 *
 * The order is kept: while an event is being decided on, later ones wait. Control events do not. On complete,
 * waiting events are decided on at once; on error and unsubscribe they are dropped. An error of `lookup` ends the
 * stream. Throws FSFLOW_INVALID_OPTION. See inotify(7).
 */
export function distinctContent(options: DistinctContentOptions = {}): Operator {
  optionObject('distinctContent', options)
  rejectUnknownOptions('distinctContent', options, ['maxSize', 'maxPaths', 'window', 'lookup', 'scheduler'])
  const { maxSize = 16 * 1024 * 1024, maxPaths = 100_000, window = 100, scheduler = asyncScheduler } = options
  const { lookup = contentDigest(maxSize) } = options
  requireCount('distinctContent', 'maxSize', maxSize)
  requireCount('distinctContent', 'maxPaths', maxPaths)
  requireMillis('distinctContent', 'window', window)
  requireScheduler('distinctContent', scheduler)
  requireLookup('distinctContent', lookup)
  if (options.lookup !== undefined && options.maxSize !== undefined) {
    throw invalidOption(
      'distinctContent',
      'maxSize',
      'is for the default lookup',
      'Leave out maxSize or lookup.',
    )
  }
  return describeOperator(
    {
      name: 'distinctContent',
      options: { ...(options.lookup === undefined && { maxSize }), maxPaths, window },
      needsPath: true,
      transparent: true,
      needsTypes: (wanted) =>
        wanted.has('MODIFY') || wanted.has('CLOSE_WRITE') ? new Set([...wanted, ...needed]) : wanted,
    },
    inOrder(() => new Decider(lookup, maxPaths, window, scheduler)),
  )
}

class Decider {
  readonly #lookup: ContentLookup
  readonly #window: number
  readonly #scheduler: SchedulerLike
  readonly #pending = new PendingChanges()
  readonly #known: KnownContent
  #completed = false

  constructor(lookup: ContentLookup, maxPaths: number, window: number, scheduler: SchedulerLike) {
    this.#lookup = lookup
    this.#known = new KnownContent(maxPaths)
    this.#window = window
    this.#scheduler = scheduler
  }

  take(event: FileEvent): Observable<FileEvent> {
    if (event.filePath === '') return of(event)
    const path = rawPathOf(event)
    if (event.eventType === 'MODIFY' || event.eventType === 'CLOSE_WRITE') {
      const change = this.#pending.add(event, path, this.#scheduler.now())
      return defer(() => (this.#waits(change) ? this.#decideLater(change) : this.#decide(change)))
    }
    this.#pending.disturb(event, path)
    return defer(() => {
      this.#known.follow(event, path)
      return of(event)
    })
  }

  complete(): void {
    this.#completed = true
    this.#pending.stir()
  }

  #waits({ event, state }: Change): boolean {
    return state === 'open' && event.eventType === 'MODIFY' && !event.synthetic && !this.#completed
  }

  #decideLater(change: Change): Observable<FileEvent> {
    const left = change.since + this.#window - this.#scheduler.now()
    // A wall clock that was set back must not make the wait longer.
    const over = timer(Math.min(Math.max(0, left), this.#window), this.#scheduler)
    const earlier = this.#pending.stirred.pipe(filter(() => !this.#waits(change)))
    return merge(over, earlier).pipe(
      take(1),
      mergeMap(() => this.#decide(change)),
    )
  }

  #decide(change: Change): Observable<FileEvent> {
    const { event, path } = change
    this.#pending.remove(change)
    if (change.state === 'settled') return EMPTY
    if (change.state === 'astray') return this.#pass(event, path, null)
    return this.#lookup(event.filePath, event.filePathBytes).pipe(
      take(1),
      defaultIfEmpty(null),
      mergeMap((digest) => this.#pass(event, path, digest)),
    )
  }

  #pass(event: FileEvent, path: string, digest: string | null): Observable<FileEvent> {
    return this.#known.learn(path, digest, event.eventType === 'CLOSE_WRITE') ? of(event) : EMPTY
  }
}
