import { FAN } from '../../src/linux/fanotify/fanotifyMasks.js'
import type {
  DirectoryMarks,
  FoundEntry,
  FoundPlace,
  HandleDisk,
  ListedEntry,
} from '../../src/linux/fanotify/HandleDiskPort.js'
import type { HandleRecord } from '../../src/linux/fanotify/HandleRecord.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { SimulatedFilesystem } from '../../src/testing/simulatedFilesystem.js'
import type { SimulatedChange, SimulatedInode, SimulatedTree } from '../../src/testing/simulatedTree.js'
import type { RootFinder } from '../../src/watching/handles/HandleListener.js'

const SELF = IN.DELETE_SELF | IN.MOVE_SELF
const CONTENT = FAN.MODIFY | FAN.ATTRIB | FAN.CLOSE_WRITE
const NAMES = FAN.CREATE | FAN.DELETE
const FSID = 'simulate'

/** A filesystem whose inside a simulated fanotify may see. */
export class OpenFilesystem extends SimulatedFilesystem {
  get insides(): SimulatedTree {
    return this.simulatedTree
  }
}

export interface SimulatedFanotifyOptions {
  /** Each directory has to be marked, instead of the whole filesystem. */
  readonly byDirectory: boolean
  /** Unread records that are alike become one, as in the kernel. */
  readonly merges: boolean
  /** Called before each system call of the watching code. */
  readonly beforeCall: () => void
}

/**
 * A fanotify group on a simulated filesystem: what the kernel queues, and merges, for one process that does it all,
 * and the looks at the disk by handle. Rests on fanotify(7) and on what was measured of Linux 6.18.
 */
export class SimulatedFanotify implements HandleDisk, DirectoryMarks, RootFinder {
  readonly #fs: OpenFilesystem
  readonly #options: SimulatedFanotifyOptions
  readonly #inodes = new Map<string, SimulatedInode>()
  readonly #keys = new Map<SimulatedInode, string>()
  readonly #marked = new Set<SimulatedInode>()
  readonly #above = new Set<SimulatedInode>()
  readonly #silenced = new Set<SimulatedInode>()
  #queue: HandleRecord[] = []
  #fence = 0
  #half: SimulatedChange | undefined

  constructor(fs: OpenFilesystem, options: SimulatedFanotifyOptions) {
    this.#fs = fs
    this.#options = options
    fs.insides.observers.add((change) => this.#observe(change))
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Directories that are marked, and those that are silenced. */
  get marked(): SimulatedInode[] {
    return [...this.#marked].filter(({ nlink }) => nlink > 0)
  }

  read(most: number): HandleRecord[] {
    return this.#queue.splice(0, most)
  }

  fence(): number {
    this.#options.beforeCall()
    this.#queue.push({ ...NOTHING, fence: ++this.#fence })
    return this.#fence
  }

  find(path: string): string | undefined {
    this.#options.beforeCall()
    const inode = this.#lookUp(path)
    if (inode?.type !== 'directory') return undefined
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const above = this.#lookUp(at)
      if (above !== undefined) this.#above.add(above)
    }
    this.#above.add(this.#fs.insides.root.inode)
    return this.keyOf(inode)
  }

  isFile(path: string): boolean {
    this.#options.beforeCall()
    return (this.#lookUp(path)?.type ?? 'directory') !== 'directory'
  }

  below(): readonly never[] {
    return []
  }

  uncovered(): undefined {
    throw new Error('nothing is mounted here')
  }

  mountParents(): readonly never[] {
    return []
  }

  refresh(): void {
    throw new Error('nothing is mounted here')
  }

  isByDirectory(): boolean {
    return this.#options.byDirectory
  }

  add(key: string): void {
    this.#options.beforeCall()
    this.#marked.add(this.#inodes.get(key)!)
  }

  remove(key: string): void {
    this.#options.beforeCall()
    const inode = this.#inodes.get(key)!
    this.#marked.delete(inode)
    this.#above.delete(inode)
  }

  silence(key: string): boolean {
    this.#options.beforeCall()
    this.#silenced.add(this.#inodes.get(key)!)
    return true
  }

  unsilence(key: string): void {
    this.#options.beforeCall()
    this.#silenced.delete(this.#inodes.get(key)!)
  }

  locate(key: string): FoundPlace | undefined {
    this.#options.beforeCall()
    const inode = this.#inodes.get(key)!
    if (inode === this.#fs.insides.root.inode) return { parent: '', name: '' }
    const dentry = inode.nlink === 0 ? undefined : [...inode.dentries].find(({ hashed }) => hashed)
    return dentry && { parent: this.keyOf(dentry.parent.inode), name: dentry.name }
  }

  list(key: string): ListedEntry[] | undefined {
    this.#options.beforeCall()
    const directory = this.#inodes.get(key)!
    if (directory.nlink === 0) return undefined
    return [...directory.entries].map(([name, { inode }]) => {
      const isDirectory = inode.type === 'directory'
      return { name, key: isDirectory ? this.keyOf(inode) : '', isDirectory }
    })
  }

  lookUp(directory: string, name: string): FoundEntry | undefined {
    this.#options.beforeCall()
    const inode = this.#inodes.get(directory)?.entries.get(name)?.inode
    return inode && { key: this.keyOf(inode), isDirectory: inode.type === 'directory' }
  }

  isAlive(key: string): boolean {
    this.#options.beforeCall()
    return this.#inodes.get(key)!.nlink > 0
  }

  release(): void {
    // Nothing is held.
  }

  keyOf(inode: SimulatedInode): string {
    let key = this.#keys.get(inode)
    if (key !== undefined) return key
    key = `${FSID}${this.#keys.size}`
    this.#keys.set(inode, key)
    this.#inodes.set(key, inode)
    return key
  }

  #lookUp(path: string): SimulatedInode | undefined {
    let inode: SimulatedInode | undefined = this.#fs.insides.root.inode
    for (const name of path.split('/').slice(1)) inode = name === '' ? inode : inode?.entries.get(name)?.inode
    return inode
  }

  #observe(change: SimulatedChange): void {
    const { mask, directory, name, inode } = change
    if (directory === undefined || (mask & SELF) !== 0) return
    const isDirectory = (mask & IN.ISDIR) !== 0
    const flags = isDirectory ? FAN.ONDIR : 0
    if ((mask & IN.MOVED_FROM) !== 0) this.#half = change
    else if ((mask & IN.MOVED_TO) !== 0) this.#rename(this.#half!, change, flags)
    else if ((mask & NAMES) !== 0 ? this.#seesNames(directory, isDirectory) : this.#sees(directory)) {
      const bits = mask & (NAMES | CONTENT)
      if (bits !== 0)
        this.#push({ ...this.#record(bits | flags, inode), directory: this.keyOf(directory), name })
    }
  }

  #rename(from: SimulatedChange, to: SimulatedChange, flags: number): void {
    const [old, next] = [from.directory!, to.directory!]
    const [isOldSeen, isNewSeen] = [this.#seesNames(old, true), this.#seesNames(next, true)]
    if (!isOldSeen && !isNewSeen) return
    this.#push({
      ...this.#record(FAN.RENAME | flags, to.inode),
      ...(isOldSeen && { oldDirectory: this.keyOf(old), oldName: from.name }),
      ...(isNewSeen && { directory: this.keyOf(next), name: to.name }),
    })
  }

  #sees(directory: SimulatedInode): boolean {
    return this.#options.byDirectory ? this.#marked.has(directory) : !this.#silenced.has(directory)
  }

  #seesNames(directory: SimulatedInode, isDirectory: boolean): boolean {
    if (!this.#options.byDirectory) return isDirectory || !this.#silenced.has(directory)
    return this.#marked.has(directory) || this.#above.has(directory)
  }

  #record(mask: number, inode: SimulatedInode): HandleRecord {
    return { ...NOTHING, mask, pid: 1, target: this.keyOf(inode) }
  }

  #push(record: HandleRecord): void {
    const twin = this.#options.merges ? this.#queue.findIndex((other) => isAlike(other, record)) : -1
    if (twin < 0) this.#queue.push(record)
    else this.#queue[twin] = { ...this.#queue[twin]!, mask: this.#queue[twin]!.mask | record.mask }
  }
}

const NOTHING: HandleRecord = {
  mask: 0,
  pid: 0,
  directory: '',
  name: '',
  target: '',
  oldDirectory: '',
  oldName: '',
  fence: 0,
  process: undefined,
}

const IDENTITY = ['pid', 'directory', 'name', 'target', 'oldDirectory', 'oldName'] as const

/** The kernel merges records with the same information, of files and of directories apart; renames only with equal ones. */
function isAlike(one: HandleRecord, other: HandleRecord): boolean {
  const both = FAN.RENAME | FAN.ONDIR
  if (one.fence > 0 || other.fence > 0 || (one.mask & both) !== (other.mask & both)) return false
  return IDENTITY.every((field) => one[field] === other[field])
}
