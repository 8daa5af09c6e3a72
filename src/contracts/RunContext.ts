import type { Observable } from 'rxjs'
import type { OwnAct, OwnFile } from './Source.js'

/** Something that went wrong and can be lived with: an unreadable directory, a retry of a sink. */
export interface Issue {
  /** A stable code, `FSFLOW_...`. */
  readonly code: string
  readonly message: string
  readonly path?: string | undefined
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** What a run hands to its components. */
export interface RunContext {
  /** Aborted when the run is to stop: a source then completes its stream. */
  readonly signal: AbortSignal
  report(issue: Issue): void
  /**
   * Tells, before it is done, of a further file that a sink is going to write, or of what it does to a name, for the
   * source to leave that out. Absent where nobody reports it.
   */
  announce?(own: OwnFile | OwnAct): void
  /** Emits when sinks are to open their files anew, since others have moved them away. Absent where nobody asks. */
  readonly reopen?: Observable<void>
  /**
   * `undefined` when every sink has room for a further event, else what resolves when that is so: for a source that
   * can wait without losing any, such as one that reads a file. Absent where nothing is known of sinks.
   */
  room?(): Promise<void> | undefined
  /**
   * Resolves when every sink has written, or given up, what has come to it by now: true when nothing was lost of what
   * came since the call before. For a source that can have events told again, such as one of a broker. What an operator
   * holds back has not come to any sink yet. Absent where nothing is known of sinks.
   */
  written?(): Promise<boolean>
}
