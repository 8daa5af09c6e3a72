import type { EntryType } from '../watching/port.js'

/** A watch of one inotify instance on one inode. */
export interface SimulatedMark {
  /** `unlinked`: the event came through a path that has been unlinked since. */
  deliver(mask: number, cookie: number, name: string, unlinked: boolean): void
  /** The inode is gone. */
  destroy(): void
}

/** Something that happened: to the entry `name` of a directory, or to the inode itself when there is no directory. */
export interface SimulatedChange {
  /** As inotify(7) has it, with ISDIR. */
  readonly mask: number
  readonly directory: SimulatedInode | undefined
  readonly name: string
  readonly inode: SimulatedInode
  readonly cookie: number
}

export type SimulatedObserver = (change: SimulatedChange) => void

export class SimulatedInode {
  readonly entries = new Map<string, SimulatedDentry>()
  readonly marks = new Set<SimulatedMark>()
  /** Its names, and those removed names through which it is still open. */
  readonly dentries = new Set<SimulatedDentry>()
  /** The number of its names; for a directory 1, and 0 after rmdir. */
  nlink = 0
  /** The bytes of a file (latin1), the target of a symlink. */
  content = ''
  /** st_ctime, in microseconds. */
  changedAt: number

  constructor(
    readonly ino: number,
    readonly type: EntryType,
    public mode: number,
    /** In microseconds. */
    readonly bornAt: number,
    /** Of the whole filesystem. */
    readonly observers: ReadonlySet<SimulatedObserver>,
  ) {
    this.changedAt = bornAt
  }
}

/**
 * A name of an inode, as the kernel's dentry: an open file belongs to the name through which it was opened, so
 * that its events carry that name (or what it was renamed to), also after the name was removed.
 */
export class SimulatedDentry {
  /** False when the name has been removed. */
  hashed = true
  /** Open files and, for a directory, removed names below it that are still open. */
  pins = 0
  parent: SimulatedDentry

  constructor(
    public name: string,
    parent: SimulatedDentry | null,
    readonly inode: SimulatedInode,
  ) {
    this.parent = parent ?? this
  }

  isWithin(ancestor: SimulatedDentry): boolean {
    return this === ancestor || (this.parent !== this && this.parent.isWithin(ancestor))
  }

  /** Its absolute path, or undefined when it or a directory above it has been removed. */
  path(): string | undefined {
    if (this.parent === this) return '/'
    if (!this.hashed) return undefined
    const above = this.parent.path()
    if (above === undefined) return undefined
    return above === '/' ? `/${this.name}` : `${above}/${this.name}`
  }
}

/** Inodes and their names, with the lifetimes that the kernel gives them; knows no system call. */
export class SimulatedTree {
  readonly root: SimulatedDentry
  /** Are told all that happens anywhere. */
  readonly observers = new Set<SimulatedObserver>()
  readonly #reuseInodes: boolean
  readonly #now: () => number
  readonly #onGone: (inode: SimulatedInode) => void
  readonly #freeNumbers: number[] = []
  #lastNumber = 1

  /** `onGone` is called when an inode has lost its last name and that name is no longer open. */
  constructor(reuseInodes: boolean, now: () => number, onGone: (inode: SimulatedInode) => void) {
    this.#reuseInodes = reuseInodes
    this.#now = now
    this.#onGone = onGone
    const inode = this.newInode('directory', 0o755)
    inode.nlink = 1
    this.root = new SimulatedDentry('', null, inode)
    inode.dentries.add(this.root)
  }

  newInode(type: EntryType, mode: number): SimulatedInode {
    return new SimulatedInode(
      this.#freeNumbers.pop() ?? ++this.#lastNumber,
      type,
      mode,
      this.#now(),
      this.observers,
    )
  }

  changed(...inodes: SimulatedInode[]): void {
    for (const inode of inodes) inode.changedAt = this.#now()
  }

  attach(parent: SimulatedDentry, name: string, inode: SimulatedInode): SimulatedDentry {
    const dentry = new SimulatedDentry(name, parent, inode)
    parent.inode.entries.set(name, dentry)
    inode.dentries.add(dentry)
    inode.nlink++
    this.changed(parent.inode, inode)
    return dentry
  }

  /** Takes the name away. What is open stays alive, and keeps the directory above it alive, until `unpin`. */
  unhash(dentry: SimulatedDentry): void {
    dentry.parent.inode.entries.delete(dentry.name)
    dentry.hashed = false
    dentry.inode.nlink--
    dentry.parent.pins++
    dentry.pins++
    this.changed(dentry.parent.inode, dentry.inode)
  }

  move(dentry: SimulatedDentry, parent: SimulatedDentry, name: string): void {
    const from = dentry.parent.inode
    if (from.entries.get(dentry.name) === dentry) from.entries.delete(dentry.name)
    dentry.parent = parent
    dentry.name = name
    parent.inode.entries.set(name, dentry)
    this.changed(from, parent.inode, dentry.inode)
  }

  exchange(a: SimulatedDentry, b: SimulatedDentry): void {
    const { parent, name } = a
    this.move(a, b.parent, b.name)
    this.move(b, parent, name)
  }

  /** Lets go of a dentry; the last one to let go of a removed name ends it. */
  unpin(dentry: SimulatedDentry): void {
    let at = dentry
    while (--at.pins === 0 && !at.hashed) {
      const { inode } = at
      inode.dentries.delete(at)
      if (inode.nlink === 0) this.#onGone(inode)
      if (inode.nlink === 0 && inode.dentries.size === 0 && this.#reuseInodes)
        this.#freeNumbers.push(inode.ino)
      at = at.parent
    }
  }
}
