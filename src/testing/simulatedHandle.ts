import type { DirectoryEntry } from '../watching/port.js'
import { SimulatedError } from './simulatedError.js'
import { INOTIFY, notifyAttributes, notifyFile } from './simulatedNotify.js'
import type { SimulatedDentry, SimulatedTree } from './simulatedTree.js'

export interface HandleAccess {
  readonly read: boolean
  readonly write: boolean
  readonly append: boolean
}

interface Position {
  readonly hash: number
  readonly name: string
}

/** An open file or directory: what open(2) returns. */
export class SimulatedHandle {
  readonly #tree: SimulatedTree
  readonly #access: HandleAccess
  readonly #dentry: SimulatedDentry
  #position = 0
  #lastEntry: Position | undefined
  #open = true

  /** Emits OPEN. */
  constructor(tree: SimulatedTree, dentry: SimulatedDentry, access: HandleAccess) {
    this.#tree = tree
    this.#dentry = dentry
    this.#access = access
    dentry.pins++
    notifyFile(dentry, INOTIFY.OPEN)
  }

  /** What is open. Throws EBADF after close. */
  get dentry(): SimulatedDentry {
    if (!this.#open) throw new SimulatedError('EBADF', 'the handle is closed')
    return this.#dentry
  }

  /** Emits ACCESS unless at the end. */
  read(length: number): string {
    const { inode } = this.dentry
    if (!this.#access.read) throw new SimulatedError('EBADF', 'not open for reading')
    if (inode.type === 'directory') throw new SimulatedError('EISDIR', 'read')
    const bytes = inode.content.slice(this.#position, this.#position + length)
    this.#position += bytes.length
    if (bytes.length > 0) notifyFile(this.dentry, INOTIFY.ACCESS)
    return bytes
  }

  /** Emits MODIFY unless `bytes` is empty. */
  write(bytes: string): void {
    const { inode } = this.dentry
    if (!this.#access.write) throw new SimulatedError('EBADF', 'not open for writing')
    if (bytes === '') return
    if (this.#access.append) this.#position = inode.content.length
    const before = inode.content.slice(0, this.#position).padEnd(this.#position, '\0')
    inode.content = before + bytes + inode.content.slice(this.#position + bytes.length)
    this.#position += bytes.length
    this.#tree.changed(inode)
    notifyFile(this.dentry, INOTIFY.MODIFY)
  }

  /** Emits MODIFY, also when the length stays. */
  truncate(length: number): void {
    const dentry = this.dentry
    if (!this.#access.write) throw new SimulatedError('EINVAL', 'not open for writing')
    truncateInode(this.#tree, dentry, length)
  }

  /**
   * The next entries of a directory, at most `limit`; undefined at the end, which is never at the first call, since
   * that one has . and .. too (left out here). Emits ACCESS each time. The order is that of a hash of the names, as
   * on ext4: an entry that is renamed between two calls can be missed or come twice.
   */
  getdents(limit = Infinity): DirectoryEntry[] | undefined {
    const { inode } = this.dentry
    if (inode.type !== 'directory') throw new SimulatedError('ENOTDIR', 'getdents')
    if (inode.nlink === 0) throw new SimulatedError('ENOENT', 'getdents')
    const last = this.#lastEntry
    const rest: Position[] = []
    for (const name of inode.entries.keys()) {
      const entry = { hash: hashOf(name), name }
      if (last === undefined || compare(entry, last) > 0) rest.push(entry)
    }
    rest.sort(compare)
    if (rest.length > limit) rest.length = limit
    notifyFile(this.dentry, INOTIFY.ACCESS)
    if (rest.length === 0 && last !== undefined) return undefined
    this.#lastEntry = rest.at(-1) ?? BEFORE_ALL
    return rest.map(({ name }) => {
      const { type, ino } = inode.entries.get(name)!.inode
      return { name, type, ino }
    })
  }

  /** Emits CLOSE_WRITE or CLOSE_NOWRITE and, for the last handle of a removed name, what follows from that. */
  close(): void {
    const dentry = this.dentry
    notifyFile(dentry, this.#access.write ? INOTIFY.CLOSE_WRITE : INOTIFY.CLOSE_NOWRITE)
    this.#open = false
    this.#tree.unpin(dentry)
  }
}

/** Cuts or lengthens a file and emits MODIFY. */
export function truncateInode(tree: SimulatedTree, dentry: SimulatedDentry, length: number): void {
  const { inode } = dentry
  if (inode.type === 'directory') throw new SimulatedError('EISDIR', 'truncate')
  if (inode.type !== 'file') throw new SimulatedError('EINVAL', 'truncate')
  inode.content = inode.content.slice(0, length).padEnd(length, '\0')
  tree.changed(inode)
  notifyAttributes(dentry, INOTIFY.MODIFY)
}

/** No name is as short: it stands for having read . and .. only. */
const BEFORE_ALL: Position = { hash: 0, name: '' }

function compare(a: Position, b: Position): number {
  if (a.hash !== b.hash) return a.hash - b.hash
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

/** FNV-1a, mixed once more: names that differ in the last character alone shall lie far apart. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
