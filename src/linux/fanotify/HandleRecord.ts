import type { EventProcess } from '../../events/index.js'

/**
 * The identity of a file for as long as the filesystem exists: `fsid` (8 bytes) and `struct file_handle` as the
 * kernel wrote them, as a latin1 string. Empty when the record has none.
 */
export type HandleKey = string

/** One record as fanotify(7) delivers it, or the answer to a fence. Names are raw bytes as latin1 strings. */
export interface HandleRecord {
  /** Event bits; 0 for the answer to a fence. */
  readonly mask: number
  readonly pid: number
  /** The directory in which it happened; of a rename, the new one. The directory itself for the name `.`. */
  readonly directory: HandleKey
  readonly name: string
  /** What it happened to. */
  readonly target: HandleKey
  /** Only of a rename. */
  readonly oldDirectory: HandleKey
  readonly oldName: string
  /** The number of the fence that it answers, else 0. */
  readonly fence: number
  /** What the process was at that time, where processes are followed. */
  process: EventProcess | undefined
}
