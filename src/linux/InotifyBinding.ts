/** One record as inotify(7) delivers it, or the answer to a fence (`wd` 0, `mask` 0, `cookie` its number). */
export interface InotifyRecord {
  readonly wd: number
  readonly mask: number
  readonly cookie: number
  /** The raw name, one character a byte (latin1); empty when there is none. */
  readonly name: string
}

export type EntryType = 'file' | 'directory' | 'symlink' | 'other'

export interface DirectoryEntry {
  /** Raw bytes as a latin1 string. */
  readonly name: string
  readonly type: EntryType
  /** Its inode number, as the listing tells it; 0 where it does not. */
  readonly ino: number
}

/** What tells one inode from all others, also from later ones with the same number. */
export interface Inode {
  readonly dev: number
  readonly ino: number
  /** When it came to be, in microseconds since the epoch; 0 where the filesystem does not tell. */
  readonly bornAt: number
}

export interface FileIdentity extends Inode {
  readonly type: EntryType
}

export interface DirectoryListing {
  readonly self: Inode
  /** Without `.` and `..`, in any order. */
  readonly entries: readonly DirectoryEntry[]
}

/** The watch descriptor of a fence record; the kernel's own start at 1. */
export const FENCE_WD = 0

/** What one inotify instance can do. Paths and names are raw bytes as latin1 strings; results below 0 are -errno. */
export interface InotifyBinding {
  readonly name: 'koffi' | 'node-inotify'
  /** True when `onMounts` is called; else somebody has to look from time to time. */
  readonly tellsMounts: boolean
  /** inotify_add_watch(2): the watch descriptor, or -errno. */
  addWatch(path: string, mask: number): number
  /** inotify_rm_watch(2); the kernel then queues IN_IGNORED. */
  removeWatch(wd: number): void
  /** The entries of a directory without `.` and `..`, in any order, or -errno. A symlink is not followed. */
  list(path: string): DirectoryEntry[] | number
  /** The same, and which directory it is. */
  listing(path: string): DirectoryListing | number
  /** lstat(2), or -errno. */
  identify(path: string): FileIdentity | number
  /** When the inode last changed (`st_ctime`), in microseconds since the epoch, or -errno. */
  changedAt(path: string): number
  /** The type of the filesystem that a path leads to, when not all that changes there gives records. */
  blindFilesystem(path: string): string | undefined
  /**
   * Queues a fence record behind everything that is queued now, and returns its number. When the record
   * arrives, all that happened before the call has arrived; an overflow may swallow it.
   */
  fence(): number
  /** Stops reading and releases thread, descriptors and watches. */
  close(): Promise<void>
}

export interface InotifyListener {
  /** Records in kernel order, and when they were read: microseconds since the epoch. */
  onRecords(records: InotifyRecord[], readAt: number): void
  /** Something was mounted or unmounted. */
  onMounts(): void
  /** The instance is broken; nothing more will come. */
  onFailure(error: Error): void
}
