import type { Observable } from 'rxjs'
import type { EventType, FileEvent } from '../events/index.js'
import type { RunContext } from './RunContext.js'

/** A file that fsflow itself writes: its changes are not reported. */
export interface OwnFile {
  readonly path: string
  readonly dev: bigint
  readonly ino: bigint
  /** Where it is now, when it has yet to get to `path`. */
  readonly at?: string
}

/** What a sink is about to do, once, to a name beside its file: that it did is not reported. */
export interface OwnAct {
  /** `'OPEN'`: it reads the file, as often as it likes. */
  readonly type: 'CREATE' | 'DELETE' | 'MOVED_FROM' | 'OPEN'
  readonly path: string
}

/** True when nothing in the directory, nor below it, can pass the pipeline. `path` is relative to the root. */
export type DirectoryPruner = (path: string, name: string) => boolean

/** What the plan has moved from the operators into the source. */
export interface SourceRequest {
  /** Directories to leave unwatched and unlisted; each pruner alone suffices. */
  readonly prune: readonly DirectoryPruner[]
  /** The types that any later stage can still want. A source may emit others too. */
  readonly eventTypes: ReadonlySet<EventType>
  /** True when `resolvePath()` comes first, so that the source may fill in the path itself. */
  readonly resolvePaths: boolean
  /** True when a later stage wants to know who did it: a source that can shall follow processes. */
  readonly processes: boolean
  readonly ownFiles: readonly OwnFile[]
  /** Further files that sinks write, and what they do to names, each told before it is done. Absent where none do. */
  readonly announced?: Observable<OwnFile | OwnAct>
}

/** What `check` found: text for people; problems that would stop `open`. */
export interface CheckReport {
  readonly lines: readonly string[]
  readonly problems: readonly Error[]
}

/** Cycles in which a source looks for what nothing else tells it, as in directories that it polls. */
export interface LookCycles {
  /** False while there is nothing to look at. */
  readonly needed: boolean
  readonly begun: number
  /** Of those that have begun. What they have found has been emitted. */
  readonly ended: number
}

export interface SourceStats {
  /** Directories under watch now. */
  readonly watches: number
  /** True once `MONITOR_START` has been emitted. */
  readonly ready: boolean
  /** Absent when it never looks. */
  readonly looks?: LookCycles
}

/**
 * Opens a kernel or network resource and emits events.
 *
 * `open` returns a cold Observable: each subscription opens the resource anew, and unsubscribing closes it. It
 * emits `MONITOR_START` once it is ready and completes after `context.signal` is aborted, when everything that
 * was read by then has been emitted. An error is fatal; what can be lived with goes to `context.report`.
 */
export interface Source {
  readonly name: string
  /** False when events may come without a path until `resolvePath()`. */
  readonly providesPaths: boolean
  /** Absolute paths that it watches, as they were named: globs are relative to them. */
  readonly roots?: readonly string[]
  /** Looks at permissions, limits and paths, and leaves nothing open. */
  check(request: SourceRequest): Promise<CheckReport>
  open(context: RunContext, request: SourceRequest): Observable<FileEvent>
  /** How far it is, for a progress line; of the run that was opened last. */
  readonly stats?: () => SourceStats
}
