import type { Operator } from '../contracts/index.js'
import { invalidOption } from '../errors/index.js'
import { expandEventTypes, type EventGroup, type EventType } from '../events/index.js'
import type { CostlyProcessField } from '../linux/procfsDetails.js'
import {
  addWatchOnMkdir,
  byAncestor,
  byProcess,
  captureContent,
  debounceByPath,
  describeOperation,
  enrichMetadata,
  enrichProcess,
  filterGlob,
  filterKinds,
  joinRenames,
  resolvePath,
} from '../operators/index.js'

export interface WatchOperatorOptions {
  /** Follow directories that are made later. Default true. */
  readonly recursive?: boolean
  /** Globs; only matching paths are told. Default: all. */
  readonly include?: string | readonly string[]
  /** Globs; matching paths are not told, and directories that match are not watched. Default: none. */
  readonly exclude?: string | readonly string[]
  /**
   * Event types and groups. Default `changes`. Naming `MOVED_FROM` or `MOVED_TO` leaves renames unjoined, as
   * `raw` does.
   */
  readonly events?: EventType | EventGroup | readonly (EventType | EventGroup)[]
  /** Leave renames as their two halves. Default false. */
  readonly raw?: boolean
  /** Milliseconds of quiet after which a path's last event is told. Default: every event is told at once. */
  readonly debounce?: number
  /** Add `fileMetadata` and `operationDetails`. Default false. */
  readonly metadata?: boolean
  /** Add `contentPreview` and `operationDetails`. Default false. */
  readonly preview?: boolean
  /** The same, with a unified diff. Default false. */
  readonly diff?: boolean
  /** A directory for whole contents, as the sink `history` needs it; implies `preview`. Default: none. */
  readonly store?: string
  /** What files below these paths hold at the start is read too; implies `preview`. Default: none. */
  readonly baseline?: string | readonly string[]
  /**
   * Add `processDetails`, or, with a list, these costly fields of them too. With fanotify it is who did it; with
   * inotify it is inferred from open files, not proven. Default false.
   */
  readonly process?: boolean | readonly CostlyProcessField[]
  /** Tell only what processes of one of these names did. Implies `process`. Default: all. */
  readonly by?: string | readonly string[]
  /** Tell only what processes of one of these names did, or what these have started. Implies `process`. Default: all. */
  readonly byAncestor?: string | readonly string[]
}

/** The names of the options that `watchOperators` takes. */
export const watchOperatorOptions = [
  'recursive',
  'include',
  'exclude',
  'events',
  'raw',
  'debounce',
  'metadata',
  'preview',
  'diff',
  'store',
  'baseline',
  'process',
  'by',
  'byAncestor',
] as const

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  return value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T]
}

function requireBoolean(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw invalidOption('watch', option, 'must be true or false')
}

/**
 * The operators of `watch()` and of `fsflow watch`.
 *
 * The globs come after `joinRenames`, so that what is renamed across their border appears and disappears at
 * once (`CREATE`, `DELETE`); excludes are pushed down past it all the same.
 */
export function watchOperators(options: WatchOperatorOptions): Operator[] {
  const { recursive = true, raw = false, debounce, metadata = false } = options
  const { diff = false, store } = options
  const baseline = list(options.baseline)
  const preview = options.preview === true || diff || store !== undefined || baseline.length > 0
  for (const option of ['recursive', 'raw', 'metadata', 'preview', 'diff'] as const) {
    requireBoolean(option, options[option])
  }
  const include = list(options.include)
  const exclude = list(options.exclude)
  const events = list(options.events ?? 'changes')
  const operators: Operator[] = [resolvePath()]
  if (recursive) operators.push(addWatchOnMkdir())
  if (isJoined(raw, events)) operators.push(joinRenames())
  if (include.length > 0 || exclude.length > 0) {
    operators.push(
      filterGlob({ ...(include.length > 0 && { include }), ...(exclude.length > 0 && { exclude }) }),
    )
  }
  operators.push(filterKinds(...events))
  const processes = processOperators(options)
  // The last event of a burst need not be by whom the others were.
  const isChosen = processes.length > 1
  if (isChosen) operators.push(...processes)
  if (debounce !== undefined) operators.push(debounceByPath(debounce))
  if (!isChosen) operators.push(...processes)
  if (metadata) operators.push(enrichMetadata())
  if (metadata || preview) operators.push(describeOperation())
  if (preview) {
    // What is not told need not be read at the start.
    const ofBaseline = {
      baseline,
      ...(include.length > 0 && { include }),
      ...(exclude.length > 0 && { exclude }),
    }
    operators.push(
      captureContent({
        diff,
        ...(store !== undefined && { store }),
        ...(baseline.length > 0 && ofBaseline),
      }),
    )
  }
  return operators
}

function processOperators(options: WatchOperatorOptions): Operator[] {
  const { process = false } = options
  const by = namesOf('by', options.by)
  const byAncestors = namesOf('byAncestor', options.byAncestor)
  if (!Array.isArray(process)) requireBoolean('process', process)
  if (process === false && by.length === 0 && byAncestors.length === 0) return []
  const fields = new Set(Array.isArray(process) ? (process as readonly CostlyProcessField[]) : [])
  if (byAncestors.length > 0) fields.add('ancestors')
  const operators = [enrichProcess({ infer: true, ...(fields.size > 0 && { fields: [...fields] }) })]
  if (by.length > 0) operators.push(byProcess({ name: by }))
  if (byAncestors.length > 0) operators.push(byAncestor({ name: byAncestors }))
  return operators
}

function namesOf(option: 'by' | 'byAncestor', value: string | readonly string[] | undefined): string[] {
  const names: readonly unknown[] = list<unknown>(value)
  for (const name of names) {
    if (typeof name === 'string' && name !== '') continue
    throw invalidOption(
      'watch',
      option,
      'must be the name of a process, or a list of them',
      "For example: 'make'",
    )
  }
  return names as string[]
}

function isJoined(raw: boolean, events: readonly (EventType | EventGroup)[]): boolean {
  if (events.length === 0) throw invalidOption('watch', 'events', 'is empty', 'Leave it out for all changes.')
  const types = expandEventTypes(events)
  if ('unknown' in types) {
    const hint = 'Use event types such as CREATE, or the groups all, changes and access.'
    throw invalidOption('watch', 'events', `has an unknown name: ${types.unknown}`, hint)
  }
  const half = events.find((name) => name === 'MOVED_FROM' || name === 'MOVED_TO')
  if (events.includes('RENAME') && (raw || half !== undefined)) {
    const other = raw ? 'raw' : half!
    const hint = 'RENAME is what MOVED_FROM and MOVED_TO are joined to; raw leaves them apart.'
    throw invalidOption('watch', 'events', `cannot have RENAME together with ${other}`, hint)
  }
  return !raw && half === undefined
}
