import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { FENCE_WD } from '../watching/port.js'
import type {
  DirectoryEntry,
  DirectoryListing,
  FileIdentity,
  Inode,
  InotifyRecord,
  KernelPort,
} from '../watching/port.js'
import { resultOrErrno, SimulatedError } from './simulatedError.js'
import { SimulatedHandle } from './simulatedHandle.js'
import { INOTIFY } from './simulatedNotify.js'
import { SimulatedQueue } from './simulatedQueue.js'
import type { SimulatedInode, SimulatedMark, SimulatedTree } from './simulatedTree.js'
import { found, mayBy, walk } from './simulatedWalk.js'

/** The system calls that a `KernelPort` makes; `list` is one open, several getdents and one close. */
export type SimulatedCall =
  'addWatch' | 'removeWatch' | 'open' | 'getdents' | 'close' | 'identify' | 'changedAt' | 'fence'

export interface SimulatedInotifyOptions {
  /** Records that the queue holds before it overflows, fs.inotify.max_queued_events. Default 16384. */
  readonly maxQueuedEvents?: number
  /** Watches before addWatch gives -ENOSPC, fs.inotify.max_user_watches. Default Infinity. */
  readonly maxWatches?: number
  /** Entries that one getdents call of `list` returns at the most. Default Infinity. */
  readonly entriesPerGetdents?: number
  /**
   * Called before each system call of the watching code: what it changes in the filesystem happens there, also
   * in the middle of a listing. `path` is empty for removeWatch and fence. Default: nothing happens in between.
   */
  readonly beforeCall?: (call: SimulatedCall, path: string) => void
}

const KNOWN = ['maxQueuedEvents', 'maxWatches', 'entriesPerGetdents', 'beforeCall']
const FLAGS =
  INOTIFY.ONLYDIR | INOTIFY.DONT_FOLLOW | INOTIFY.EXCL_UNLINK | INOTIFY.MASK_CREATE | INOTIFY.MASK_ADD
const OUTPUT_ONLY = INOTIFY.UNMOUNT | INOTIFY.Q_OVERFLOW | INOTIFY.IGNORED | INOTIFY.ISDIR
const VALID = INOTIFY.ALL_EVENTS | FLAGS | OUTPUT_ONLY | INOTIFY.ONESHOT

class Mark implements SimulatedMark {
  mask = 0

  constructor(
    readonly wd: number,
    readonly inode: SimulatedInode,
    readonly deliver: (mask: number, cookie: number, name: string, unlinked: boolean) => void,
    readonly destroy: () => void,
  ) {}
}

/**
 * One inotify instance on a simulated filesystem: `KernelPort` for the watching code, `read` for whoever drains
 * the queue. It acts with the rights of the owner of all files, so that `chmod` can lock it out.
 * Rests on inotify(7), and on the differential test with a real kernel where that page is silent.
 */
export class SimulatedInotify implements KernelPort {
  readonly #tree: SimulatedTree
  readonly #queue: SimulatedQueue
  readonly #maxWatches: number
  readonly #entriesPerGetdents: number
  readonly #beforeCall: (call: SimulatedCall, path: string) => void
  readonly #marks = new Map<number, Mark>()
  readonly #byInode = new Map<SimulatedInode, Mark>()
  #lastWd = 0
  #lastFence = 0
  #closed = false
  #isDeaf = false

  /** Throws FSFLOW_INVALID_OPTION. */
  constructor(tree: SimulatedTree, options: SimulatedInotifyOptions = {}) {
    rejectUnknownOptions('inotify', options, KNOWN)
    this.#tree = tree
    this.#queue = new SimulatedQueue(count('maxQueuedEvents', options.maxQueuedEvents ?? 16384, 1))
    this.#maxWatches = count('maxWatches', options.maxWatches ?? Infinity, 0)
    this.#entriesPerGetdents = count('entriesPerGetdents', options.entriesPerGetdents ?? Infinity, 1)
    const beforeCall: unknown = options.beforeCall
    if (beforeCall !== undefined && typeof beforeCall !== 'function') {
      throw invalidOption('inotify', 'beforeCall', 'must be a function')
    }
    this.#beforeCall = options.beforeCall ?? (() => undefined)
  }

  /** Records that can be read. */
  get queued(): number {
    return this.#queue.length
  }

  get watches(): number {
    return this.#marks.size
  }

  /** Where each watched inode is now, by watch descriptor; undefined when it has no path any more. */
  watchedPaths(): Map<number, string | undefined> {
    const paths = new Map<number, string | undefined>()
    for (const { wd, inode } of this.#marks.values()) {
      let path: string | undefined
      for (const dentry of inode.dentries) path ??= dentry.path()
      paths.set(wd, path)
    }
    return paths
  }

  /** What is changed in `action` queues no records and ends no watch: as when another machine has done it. */
  remotely(action: () => void): void {
    this.#isDeaf = true
    try {
      action()
    } finally {
      this.#isDeaf = false
    }
  }

  /** Takes up to `maxRecords` records off the queue, all of them by default. */
  read(maxRecords = Infinity): InotifyRecord[] {
    return this.#queue.read(maxRecords)
  }

  addWatch(path: string, mask: number): number {
    this.#beforeCall('addWatch', path)
    return resultOrErrno(() => this.#addWatch(path, mask >>> 0))
  }

  removeWatch(wd: number): void {
    this.#beforeCall('removeWatch', '')
    const mark = this.#marks.get(wd)
    if (mark !== undefined) this.#destroy(mark)
  }

  list(path: string): DirectoryEntry[] | number {
    this.#beforeCall('open', path)
    const handle = resultOrErrno(() => this.#openDirectory(path))
    if (typeof handle === 'number') return handle
    const entries: DirectoryEntry[] = []
    for (;;) {
      this.#beforeCall('getdents', path)
      const more = resultOrErrno(() => handle.getdents(this.#entriesPerGetdents))
      // ENOENT when it has been removed since it was opened.
      if (typeof more === 'number' || more === undefined) {
        this.#beforeCall('close', path)
        handle.close()
        return typeof more === 'number' ? more : entries
      }
      for (const entry of more) entries.push(entry)
    }
  }

  listing(path: string): DirectoryListing | number {
    const self = resultOrErrno(() => inodeOf(this.#find(path, false).inode))
    const entries = this.list(path)
    if (typeof self === 'number') return self
    return typeof entries === 'number' ? entries : { self, entries }
  }

  identify(path: string): FileIdentity | number {
    this.#beforeCall('identify', path)
    return resultOrErrno(() => {
      const { inode } = this.#find(path, false)
      return { ...inodeOf(inode), type: inode.type }
    })
  }

  changedAt(path: string): number {
    this.#beforeCall('changedAt', path)
    return resultOrErrno(() => this.#find(path, false).inode.changedAt)
  }

  fence(): number {
    this.#beforeCall('fence', '')
    const number = ++this.#lastFence
    if (!this.#closed) this.#queue.push({ wd: FENCE_WD, mask: 0, cookie: number, name: '' })
    return number
  }

  /** Drops all watches and records. Calls give -EBADF from then on. */
  close(): void {
    this.#closed = true
    for (const mark of this.#marks.values()) mark.inode.marks.delete(mark)
    this.#marks.clear()
    this.#byInode.clear()
    this.#queue.clear()
  }

  #addWatch(path: string, mask: number): number {
    const both = INOTIFY.MASK_ADD | INOTIFY.MASK_CREATE
    if (mask === 0 || (mask & ~VALID) !== 0 || (mask & both) === both)
      throw new SimulatedError('EINVAL', path)
    if (this.#closed) throw new SimulatedError('EBADF', path)
    const { inode } = this.#find(path, (mask & INOTIFY.DONT_FOLLOW) === 0)
    if ((mask & INOTIFY.ONLYDIR) !== 0 && inode.type !== 'directory')
      throw new SimulatedError('ENOTDIR', path)
    if (!mayBy(inode, 0o400)) throw new SimulatedError('EACCES', path)
    const known = this.#byInode.get(inode)
    const kept = mask & (INOTIFY.ALL_EVENTS | INOTIFY.EXCL_UNLINK | INOTIFY.ONESHOT)
    if (known !== undefined) {
      if ((mask & INOTIFY.MASK_CREATE) !== 0) throw new SimulatedError('EEXIST', path)
      known.mask = (mask & INOTIFY.MASK_ADD) !== 0 ? known.mask | kept : kept
      return known.wd
    }
    // The kernel takes the number before it looks at the limit, so a failure uses one up.
    const wd = ++this.#lastWd
    if (this.#marks.size >= this.#maxWatches) throw new SimulatedError('ENOSPC', path)
    const mark: Mark = new Mark(
      wd,
      inode,
      (...event) => this.#deliver(mark, ...event),
      () => {
        if (!this.#isDeaf) this.#destroy(mark)
      },
    )
    mark.mask = kept
    this.#marks.set(wd, mark)
    this.#byInode.set(inode, mark)
    inode.marks.add(mark)
    return wd
  }

  #deliver(mark: Mark, mask: number, cookie: number, name: string, unlinked: boolean): void {
    if (this.#isDeaf || (unlinked && (mark.mask & INOTIFY.EXCL_UNLINK) !== 0)) return
    if ((mask & mark.mask & INOTIFY.ALL_EVENTS) === 0) return
    const self = (mask & (INOTIFY.DELETE_SELF | INOTIFY.MOVE_SELF)) !== 0
    this.#queue.push({ wd: mark.wd, mask: self ? mask & ~INOTIFY.ISDIR : mask, cookie, name })
    if ((mark.mask & INOTIFY.ONESHOT) !== 0) this.#destroy(mark)
  }

  #destroy(mark: Mark): void {
    this.#marks.delete(mark.wd)
    this.#byInode.delete(mark.inode)
    mark.inode.marks.delete(mark)
    this.#queue.push({ wd: mark.wd, mask: INOTIFY.IGNORED, cookie: 0, name: '' })
  }

  #find(path: string, follow: boolean) {
    return found(walk(this.#tree.root, path, { follow: follow ? 'yes' : 'no', asOwner: true }), path)
  }

  #openDirectory(path: string): SimulatedHandle {
    if (this.#closed) throw new SimulatedError('EBADF', path)
    const dentry = this.#find(path, false)
    if (dentry.inode.type !== 'directory') throw new SimulatedError('ENOTDIR', path)
    if (!mayBy(dentry.inode, 0o400)) throw new SimulatedError('EACCES', path)
    return new SimulatedHandle(this.#tree, dentry, { read: true, write: false, append: false })
  }
}

function inodeOf({ ino, bornAt }: SimulatedInode): Inode {
  return { dev: 1, ino, bornAt }
}

function count(option: string, value: unknown, least: number): number {
  const whole = value === Infinity || Number.isInteger(value)
  if (typeof value === 'number' && whole && value >= least) return value
  throw invalidOption('inotify', option, `must be a whole number from ${least} on, or Infinity`)
}
