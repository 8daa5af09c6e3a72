import {
  defaultIfEmpty,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  of,
  Subject,
  take,
  takeUntil,
  tap,
  type Observable,
} from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { contentReader, type ContentAnswer } from '../linux/contentReader.js'
import { readTrees } from '../linux/readTrees.js'
import { openContentStore, type ContentStore } from '../linux/store/contentStore.js'
import { ContentCapture, readTypes } from './content/ContentCapture.js'
import { Selection } from './content/Selection.js'
import { inOrder } from './support/inOrder.js'
import { optionObject, requireBoolean, requireCount, requireLookup } from './support/optionChecks.js'

/**
 * Tells what the file of an event holds, or why that cannot be told. `known` is the version that was read last of this
 * path: if it is that one still, `unchanged` will do. Only the first value counts.
 */
export type ContentReader = (event: FileEvent, known?: string) => Observable<ContentAnswer>

export interface CaptureContentOptions {
  /** Bytes of `before` and of `after` that are shown. Default 16 KiB. */
  readonly maxBytes?: number
  /** Bytes; larger files are not read. Default 1 MiB. */
  readonly maxSize?: number
  /** Bytes of memory for what files held last, and for previews that wait for sinks. Default 64 MiB. */
  readonly maxMemory?: number
  /** Globs as of `filterGlob`; only files that match one are read. Default: all. */
  readonly include?: string | readonly string[]
  /** Globs as of `filterGlob`; files that match one are not read. Default: none but secrets. */
  readonly exclude?: string | readonly string[]
  /** Globs, relative to `/`, of files that are read although by their names they hold secrets. Default: none. */
  readonly includeSecrets?: string | readonly string[]
  /** Add a unified diff. Default false. */
  readonly diff?: boolean
  /** A directory to keep all contents in, for the sink `history`. Default: the last ones are kept in memory. */
  readonly store?: string
  /**
   * Paths of files, and of directories with all that is below, whose contents are read at the start: then `before` is
   * known at the first change of each, and with `store` the sink `history` keeps it. Default: none.
   */
  readonly baseline?: string | readonly string[]
  /** Where contents come from. Default: the file, at once. */
  readonly lookup?: ContentReader
}

const known = [
  'maxBytes',
  'maxSize',
  'maxMemory',
  'include',
  'exclude',
  'includeSecrets',
  'diff',
  'store',
  'baseline',
  'lookup',
] as const

/**
 * Adds `contentPreview`: what the file held before and holds now, and how the two differ.
 *
 * ```
 * source:                     --c--w--|    c: CREATE /a    w: CLOSE_WRITE /a
 * captureContent()                         /a is empty at first, then it holds "hi\n"
 * result:                     --C--W--|    C: after ""    W: before "", after "hi\n", 1 line added, 0 removed
 * ```
 *
 * A file is read at `CREATE`, `MODIFY`, `CLOSE_WRITE`, `MOVED_TO` and `RENAME`, when the event is handled. Events of
 * fanotify are read by the handle of the file: the bytes are of that file, even when its name has passed to another.
 * Else the path is read, links not followed, and the bytes count only when the path led to one unchanged file all the
 * while. `before` is what was read last of the same file; at `DELETE`, `MOVED_FROM` and `DELETE_SELF` it is all there
 * is. All of it takes `maxMemory` at the most: the texts of previews that wait too long are given up.
 *
 * With `baseline`, what the files hold at the start is read first. What is read after 0.2 seconds is read while events
 * wait, and when the input completes, no more of it is.
 *
 * What is not there says why: `afterMissing`, `beforeMissing`. Files whose names tell of keys, passwords and
 * credentials are not read, also when the path is a link to one, unless `includeSecrets` names them. With `store`,
 * all contents are kept there for the sink `history`; what cannot be written there says so in `notStored`, and events
 * of the store itself are left out.
 *
 * An event that has a preview keeps it. Control events pass at once. The order is kept: while a lookup has not
 * answered, later events wait. On complete they are still looked up and emitted; on error and unsubscribe they are
 * dropped. An error of `lookup` ends the stream, and so does a store that cannot be opened (FSFLOW_SINK_OPEN). Throws
 * FSFLOW_INVALID_OPTION. See open_by_handle_at(2).
 */
export function captureContent(options: CaptureContentOptions = {}): Operator {
  optionObject('captureContent', options)
  rejectUnknownOptions('captureContent', options, known)
  const { maxBytes = 16 * 1024, maxSize = 1024 * 1024, maxMemory = 64 * 1024 * 1024, diff = false } = options
  const { store, lookup = contentReader(maxSize), include, exclude, includeSecrets } = options
  requireCount('captureContent', 'maxBytes', maxBytes)
  requireCount('captureContent', 'maxSize', maxSize)
  requireCount('captureContent', 'maxMemory', maxMemory)
  requireBoolean('captureContent', 'diff', diff)
  requireLookup('captureContent', lookup)
  requireStore(store)
  const baseline = pathList(options.baseline)
  if (options.lookup !== undefined && options.maxSize !== undefined) {
    throw invalidOption(
      'captureContent',
      'maxSize',
      'is for the default lookup',
      'Leave out maxSize or lookup.',
    )
  }
  const selection = new Selection({
    ...(include !== undefined && { include }),
    ...(exclude !== undefined && { exclude }),
    ...(includeSecrets !== undefined && { includeSecrets }),
  })
  const shown = {
    maxBytes,
    maxSize,
    diff,
    include,
    exclude,
    includeSecrets,
    store,
    baseline: options.baseline,
  }
  return describeOperator(
    {
      name: 'captureContent',
      options: Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)),
      needsPath: true,
      transparent: true,
      needsTypes: (wanted) => new Set([...wanted, ...readTypes, 'DELETE', 'MOVED_FROM'] as const),
    },
    (source) =>
      defer(() => {
        const contents = store === undefined ? undefined : openContentStore(store)
        return source.pipe(
          capturing(contents),
          finalize(() => contents?.close()),
        )
      }),
  )

  /** Reads what the files of the baseline hold. */
  function beginning(capture: ContentCapture, contents: ContentStore | undefined): Observable<never> {
    const isOthers = (path: string): boolean => contents?.owns(path) !== true
    const files = readTrees(baseline, {
      maxSize,
      isWanted: (filePath, root) => selection.refusal({ filePath, oldPath: undefined, root }) === undefined,
      isEntered: (path, root) => isOthers(path) && selection.enters(path, root),
    })
    return files.pipe(
      tap((file) => capture.begin(file)),
      ignoreElements(),
    )
  }

  function capturing(contents: ContentStore | undefined): Operator {
    return inOrder(() => {
      const capture = new ContentCapture({ selection, maxMemory, maxBytes, diff, store: contents })
      const completed = new Subject<void>()
      return {
        ...(baseline.length > 0 && { first: beginning(capture, contents).pipe(takeUntil(completed)) }),
        complete: () => completed.next(),
        take: (event) =>
          defer(() => {
            // What is told of the store would be stored in turn, without end.
            if (contents?.owns(event.filePath) === true) return EMPTY
            if (!capture.concerns(event)) return of(event)
            const refusal = capture.refusal(event)
            if (refusal !== undefined) return of(capture.learn(event, { missing: refusal }))
            return lookup(event, capture.versionAt(event)).pipe(
              take(1),
              defaultIfEmpty({ missing: 'it was gone' }),
              map((answer) => capture.learn(event, answer)),
            )
          }),
      }
    })
  }
}

function pathList(given: unknown): readonly string[] {
  const list: readonly unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given]
  for (const path of list) {
    if (typeof path === 'string' && path !== '' && !path.includes('\0')) continue
    throw invalidOption('captureContent', 'baseline', 'must be a path or a list of paths')
  }
  return list as readonly string[]
}

function requireStore(store: unknown): void {
  if (store === undefined || (typeof store === 'string' && store !== '' && !store.includes('\0'))) return
  throw invalidOption('captureContent', 'store', 'must be the path of a directory')
}
