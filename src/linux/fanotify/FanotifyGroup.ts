import { cPath } from '../cPath.js'
import { DrainThread, type DrainFeed } from '../DrainThread.js'
import { errnoName } from '../errno.js'
import { libc, type Libc } from '../libc.js'
import { decodeFanotify } from './decodeFanotify.js'
import { FanotifyFences } from './FanotifyFences.js'
import { fanotifyOpenError } from './fanotifyErrors.js'
import { FAN, FAN_INIT, FAN_MARK } from './fanotifyMasks.js'
import { FileHandles } from './FileHandles.js'
import type { HandleRecord } from './HandleRecord.js'

const AT_FDCWD = -100
const FLAGS =
  FAN_INIT.CLOEXEC |
  FAN_INIT.NONBLOCK |
  FAN_INIT.UNLIMITED_QUEUE |
  FAN_INIT.UNLIMITED_MARKS |
  FAN_INIT.HANDLES_AND_NAME
// fsflow looks into directories and files itself, by several of its parts: what it only reads is not told.
const OWN_READING = FAN.ACCESS | FAN.OPEN | FAN.OPEN_EXEC | FAN.CLOSE_NOWRITE

const NAME_CHANGES = FAN.CREATE | FAN.DELETE | FAN.RENAME | FAN.ONDIR
// What can be told apart by mounts.
const BY_MOUNT = FAN.ACCESS | FAN.MODIFY | FAN.OPEN | FAN.OPEN_EXEC | FAN.CLOSE_WRITE | FAN.CLOSE_NOWRITE

export interface FanotifyListener {
  /** Records in kernel order, and when they were read: microseconds since the epoch. */
  onRecords(records: HandleRecord[], readAt: number): void
  /** Bytes were read that no record could be recognised in. */
  onDropped(bytes: number): void
  /** Something was mounted or unmounted. */
  onMounts(): void
  /** The group is broken; nothing more will come. */
  onFailure(error: Error): void
}

export interface FanotifyGroupOptions {
  /** Of all marks. */
  readonly mask: number
  /** Unhandled bytes above which reading stops. */
  readonly backlogBytes: number
  /** What is to be drained along with the group of this descriptor. */
  readonly openFeeds?: ((fd: number) => readonly DrainFeed[]) | undefined
}

/** Opens a group that reports handles and names. Throws an FsflowError. */
function openGroup(c: Libc): number {
  const fd = c.fanotifyInit(FLAGS, 0)
  if (fd < 0) throw fanotifyOpenError(c.errno())
  return fd
}

function mark(c: Libc, fd: number, path: string, mask: number, flags: number): number {
  return c.fanotifyMark(fd, flags, mask, AT_FDCWD, cPath(path)) < 0 ? -c.errno() : 0
}

/** Whether the filesystem of a raw path can be marked: 0, or -errno. Leaves nothing. Throws an FsflowError. */
export function probeMark(path: string, mask: number): number {
  const c = libc()
  const fd = openGroup(c)
  const result = mark(c, fd, path, mask, FAN_MARK.ADD | FAN_MARK.FILESYSTEM)
  c.close(fd)
  return result
}

/** One fanotify group, drained by a thread of its own. */
export class FanotifyGroup {
  readonly #c = libc()
  readonly #fd: number
  readonly #mask: number
  readonly #fences: FanotifyFences
  readonly #thread: DrainThread

  /** `mask` is that of all marks. Throws an FsflowError. */
  constructor(
    listener: FanotifyListener,
    { mask, backlogBytes, openFeeds = () => [] }: FanotifyGroupOptions,
  ) {
    this.#mask = mask
    this.#fd = openGroup(this.#c)
    let fences: FanotifyFences | undefined
    try {
      const feeds = openFeeds(this.#fd)
      const handles = new FileHandles()
      fences = new FanotifyFences((file, fenceMask) => this.#markFence(handles, file, fenceMask))
      this.#fences = fences
      this.#thread = new DrainThread(
        this.#fd,
        backlogBytes,
        {
          onBatch: (bytes, readAt) => {
            const { records, dropped } = decodeFanotify(bytes)
            if (dropped > 0) listener.onDropped(dropped)
            listener.onRecords(this.#foreign(records), readAt)
          },
          onMounts: () => listener.onMounts(),
          onFailure: (error) => listener.onFailure(error),
        },
        // With the shortest naps: what is looked up by a handle would have gone more often.
        { what: 'fanotify', feeds, readsFirst: feeds.length === 0 },
      )
    } catch (error) {
      fences?.close()
      this.#c.close(this.#fd)
      throw error
    }
  }

  /** Marks the whole filesystem in which a raw path lies: 0, or -errno, as all of these. */
  markFilesystem(path: string): number {
    return this.#add(path, this.#mask, FAN_MARK.FILESYSTEM)
  }

  /** Content as far as it is used through the mount of a raw path; names, of which mounts are not told, as a whole. */
  markMount(path: string): number {
    const result = this.#add(path, this.#mask & ~BY_MOUNT, FAN_MARK.FILESYSTEM)
    const content = this.#mask & BY_MOUNT
    return result < 0 || content === 0 ? result : this.#add(path, content, FAN_MARK.MOUNT)
  }

  /** Marks one directory with what is directly in it. */
  markDirectory(path: string): number {
    return this.#add(path, this.#mask | FAN.EVENT_ON_CHILD, FAN_MARK.ONLYDIR)
  }

  /** Marks a directory that lies above all that is told: only for what is renamed there. */
  markAbove(path: string): number {
    return this.#add(path, NAME_CHANGES, FAN_MARK.ONLYDIR)
  }

  unmarkDirectory(path: string): number {
    const mask = this.#mask | FAN.EVENT_ON_CHILD
    return mark(this.#c, this.#fd, path, mask, FAN_MARK.REMOVE | FAN_MARK.ONLYDIR)
  }

  /** Leaves out what happens to the files of a directory, but not that its directories come, go and are renamed. */
  silence(path: string): number {
    return this.#add(path, this.#silenced(), FAN_MARK.IGNORE | FAN_MARK.EVICTABLE | FAN_MARK.ONLYDIR)
  }

  unsilence(path: string): number {
    const flags = FAN_MARK.REMOVE | FAN_MARK.IGNORE | FAN_MARK.ONLYDIR
    return mark(this.#c, this.#fd, path, this.#silenced(), flags)
  }

  #add(path: string, mask: number, flags: number): number {
    return mark(this.#c, this.#fd, path, mask, FAN_MARK.ADD | flags)
  }

  #silenced(): number {
    return (this.#mask & ~(FAN.ONDIR | FAN.RENAME | FAN.OPEN_EXEC)) | FAN.EVENT_ON_CHILD
  }

  /** Queues a fence record behind everything that is queued now, and returns its number. */
  fence(): number {
    const fence = this.#fences.post()
    return fence
  }

  /** Stops reading and releases thread, descriptors and marks. */
  async close(): Promise<void> {
    await this.#thread.stop()
    this.#fences.close()
    this.#c.close(this.#fd)
  }

  #markFence(handles: FileHandles, file: number, mask: number): string {
    const path = `/proc/self/fd/${file}`
    const result = this.#c.fanotifyMark(this.#fd, FAN_MARK.ADD, mask, AT_FDCWD, cPath(path))
    const found = result < 0 ? -this.#c.errno() : handles.of(file, '')
    const fsid = handles.fsidOf(path)
    if (typeof found === 'number') throw new Error(`cannot mark a file in memory: ${errnoName(-found)}`)
    if (typeof fsid === 'number') throw new Error(`statfs failed: ${errnoName(-fsid)}`)
    return fsid + found.handle
  }

  /** Turns what fsflow itself has caused into answers to fences, or leaves it out. */
  #foreign(records: HandleRecord[]): HandleRecord[] {
    const own = process.pid
    let kept = 0
    for (const record of records) {
      let told: HandleRecord | undefined = record
      if (record.pid === own && (record.mask & OWN_READING) !== 0) told = this.#ownRecord(record)
      if (told !== undefined) records[kept++] = told
    }
    records.length = kept
    return records
  }

  #ownRecord(record: HandleRecord): HandleRecord | undefined {
    if (record.directory === '') {
      const fence = this.#fences.arrived(record.target)
      if (fence > 0) return { ...record, mask: 0, fence }
    }
    const mask = record.mask & ~OWN_READING
    return (mask & ~FAN.ONDIR) === 0 ? undefined : { ...record, mask }
  }
}
