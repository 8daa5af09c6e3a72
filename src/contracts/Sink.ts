import type { FileEvent } from '../events/index.js'
import type { OwnFile } from './Source.js'
import type { RunContext } from './RunContext.js'

/**
 * Takes batches of events to a destination.
 *
 * `write` is called with one batch at a time, never again before its promise settles. It rejects with an
 * FsflowError that tells how many events of the batch were not written, in `SinkWriteError.lost`: the last ones. It may
 * then be called again with these.
 */
export interface SinkWriter {
  /**
   * `run` is the id of the run that the events are of, all of the same: with their `seq` it tells again what is written
   * twice. It is not that of this run for events that were kept on disk since an earlier one.
   */
  write(batch: readonly FileEvent[], run?: string): Promise<void>
  /** Writes what is still to be written and lets go of everything. Called once, also after a failed write. */
  close(): Promise<void>
  /** Files that it writes, for the source to leave out. */
  readonly ownFiles: readonly OwnFile[]
  /**
   * Resolves when the destination has gone away in an orderly manner (a closed stdout): the run then ends
   * quietly. Never resolves for most sinks.
   */
  readonly gone?: Promise<void>
}

export interface Sink {
  readonly name: string
  /** One line for `fsflow check`: what it will do, and where. */
  readonly description: string
  /**
   * The place that it writes to, as a text that is the same for the same place: of a file the real path, as far as it
   * exists. A pipeline in which two sinks name the same is refused. Left out, or `undefined`, where several may write.
   */
  destination?(): Promise<string | undefined>
  /**
   * The address of a destination that others serve, as a text that is the same for the same place and is shown nowhere:
   * what it does not take is then kept on disk and tried again, unless `deliver` says otherwise.
   */
  readonly remote?: string | undefined
  /** False when it needs what events carry in code only, such as whole contents: they cannot be kept on disk for it. */
  readonly spoolable?: boolean | undefined
  /** True when it opens its file anew at `context.reopen`. */
  readonly reopens?: boolean
  /** Throws an FsflowError when `open` would fail. Changes nothing. */
  check(): Promise<void>
  open(context: RunContext): Promise<SinkWriter>
}
