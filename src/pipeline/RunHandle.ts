import type { Observable } from 'rxjs'
import type { Issue } from '../contracts/index.js'
import type { RunStats, RunSummary } from './RunStats.js'

export interface RunOptions {
  /** Aborting it is the same as calling `stop()`. */
  readonly signal?: AbortSignal
  /** Emits when sinks are to open their files anew, since another program has moved them away. */
  readonly reopen?: Observable<void>
  /** Called for what went wrong and can be lived with. */
  readonly onIssue?: (issue: Issue) => void
  /**
   * Called when the first event comes and when the run gets ready, each time before the sinks are told, and every
   * `statsInterval` while it lasts.
   */
  readonly onStats?: (stats: RunStats) => void
  /** Milliseconds. Default 1000. */
  readonly statsInterval?: number
}

/** A run under way. The promises `checked` and `ready` may be left alone; `done` should be awaited. */
export interface RunHandle {
  /** Resolves when source and sinks have said that they can be opened, before anything is. */
  readonly checked: Promise<void>
  /** Resolves when `MONITOR_START` was seen, or else when the run has ended without an error. */
  readonly ready: Promise<void>
  /** Resolves when everything is flushed and closed; rejects with what made the run fail. */
  readonly done: Promise<RunSummary>
  /**
   * Ends the run: the source completes, operators flush, sinks drain and close, within `timeout` milliseconds
   * (default: the pipeline's `drainTimeout`). A second call with a shorter timeout brings the end forward.
   * Returns `done`.
   */
  stop(timeout?: number): Promise<RunSummary>
  /** The counters now, or those of the end. */
  stats(): RunStats
}
