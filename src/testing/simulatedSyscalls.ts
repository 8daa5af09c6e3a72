import type { EntryType } from '../watching/port.js'
import { SimulatedError, type SimulatedErrorCode } from './simulatedError.js'
import { SimulatedHandle, truncateInode } from './simulatedHandle.js'
import { INOTIFY, notifyAttributes, notifyName, notifySelf } from './simulatedNotify.js'
import { SimulatedTree, type SimulatedDentry, type SimulatedInode } from './simulatedTree.js'
import { checkName, found, walk, type Walked, type WalkOptions } from './simulatedWalk.js'

export type OpenFlags = 'r' | 'r+' | 'w' | 'w+' | 'wx' | 'a' | 'a+' | 'ax'

export interface SimulatedStat {
  readonly dev: number
  readonly ino: number
  readonly type: EntryType
  readonly mode: number
  readonly nlink: number
  readonly size: number
  /** st_ctime, in microseconds since the epoch. */
  readonly changedAt: number
  /** When the inode came to be, in microseconds since the epoch. */
  readonly bornAt: number
}

/** What a path or an open handle stands for. */
export type SimulatedTarget = string | SimulatedHandle

const ACCESS = {
  r: { read: true, write: false, append: false, create: false, truncate: false, exclusive: false },
  'r+': { read: true, write: true, append: false, create: false, truncate: false, exclusive: false },
  w: { read: false, write: true, append: false, create: true, truncate: true, exclusive: false },
  'w+': { read: true, write: true, append: false, create: true, truncate: true, exclusive: false },
  wx: { read: false, write: true, append: false, create: true, truncate: false, exclusive: true },
  a: { read: false, write: true, append: true, create: true, truncate: false, exclusive: false },
  'a+': { read: true, write: true, append: true, create: true, truncate: false, exclusive: false },
  ax: { read: false, write: true, append: true, create: true, truncate: false, exclusive: true },
} as const

/**
 * The system calls of a simulated filesystem. They act as root. Paths are raw bytes as latin1 strings: absolute,
 * or relative to the directory handle `at` where a call takes one. A call that fails throws a `SimulatedError`.
 */
export class SimulatedSyscalls {
  protected readonly simulatedTree: SimulatedTree
  #lastCookie = 0

  protected constructor(reuseInodes: boolean, now: () => number) {
    this.simulatedTree = new SimulatedTree(reuseInodes, now, (inode) => {
      notifySelf(inode, INOTIFY.DELETE_SELF)
      for (const mark of inode.marks) mark.destroy()
    })
  }

  mkdir(path: string, mode = 0o755): void {
    this.#create(path, this.#walk(path, 'never'), 'directory', mode, '')
  }

  /** Makes a socket node, as an example of all that is neither file, directory nor symlink. */
  mknod(path: string, mode = 0o644): void {
    this.#create(path, this.#walk(path, 'never'), 'other', mode, '')
  }

  symlink(target: string, path: string): void {
    if (target === '') throw new SimulatedError('ENOENT', path)
    this.#create(path, this.#walk(path, 'never'), 'symlink', 0o777, target)
  }

  link(existing: string, path: string): void {
    const { inode } = this.lookup(existing, 'no')
    const walked = this.#walk(path, 'never')
    this.#mayCreate(path, walked, false)
    if (inode.type === 'directory') throw new SimulatedError('EPERM', existing)
    this.simulatedTree.attach(walked.parent, walked.name, inode)
    notifySelf(inode, INOTIFY.ATTRIB)
    notifyName(walked.parent.inode, INOTIFY.CREATE, walked.name, inode)
  }

  /** open(2); the flags are those of node:fs. Emits CREATE for a new file, OPEN, MODIFY for a file cut to nothing. */
  open(path: string, flags: OpenFlags, at?: SimulatedHandle): SimulatedHandle {
    const access = ACCESS[flags]
    const walked = this.#walk(path, access.exclusive ? 'never' : access.create ? 'create' : 'yes', at)
    if (access.create && walked.kind === 'name' && walked.slash) throw new SimulatedError('EISDIR', path)
    if (access.create && walked.dentry === undefined) {
      const made = this.#create(path, walked, 'file', 0o644, '')
      return new SimulatedHandle(this.simulatedTree, made, access)
    }
    const dentry = found(walked, path)
    if (access.exclusive) throw new SimulatedError('EEXIST', path)
    if (dentry.inode.type === 'directory' && access.write) throw new SimulatedError('EISDIR', path)
    if (dentry.inode.type === 'other') throw new SimulatedError('ENXIO', path)
    const handle = new SimulatedHandle(this.simulatedTree, dentry, access)
    if (access.truncate) truncateInode(this.simulatedTree, dentry, 0)
    return handle
  }

  /** open(2) with O_DIRECTORY, and O_NOFOLLOW unless `follow` says otherwise. */
  openDirectory(path: string, follow: 'yes' | 'no' = 'no', at?: SimulatedHandle): SimulatedHandle {
    const dentry = found(this.#walk(path, follow, at), path)
    if (dentry.inode.type !== 'directory') throw new SimulatedError('ENOTDIR', path)
    return new SimulatedHandle(this.simulatedTree, dentry, ACCESS.r)
  }

  truncate(target: SimulatedTarget, length = 0): void {
    if (typeof target === 'string') truncateInode(this.simulatedTree, this.lookup(target, 'yes'), length)
    else target.truncate(length)
  }

  chmod(target: SimulatedTarget, mode: number): void {
    const dentry = this.#target(target)
    dentry.inode.mode = mode & 0o7777
    this.simulatedTree.changed(dentry.inode)
    notifyAttributes(dentry, INOTIFY.ATTRIB)
  }

  /** Sets both times, as `touch` does; the times themselves are not kept. */
  utimes(target: SimulatedTarget): void {
    const dentry = this.#target(target)
    this.simulatedTree.changed(dentry.inode)
    notifyAttributes(dentry, INOTIFY.ATTRIB)
  }

  unlink(path: string, at?: SimulatedHandle): void {
    const walked = this.#walk(path, 'never', at)
    if (walked.kind !== 'name') throw new SimulatedError('EISDIR', path)
    const dentry = found(walked, path)
    if (dentry.inode.type === 'directory') throw new SimulatedError('EISDIR', path)
    this.simulatedTree.unhash(dentry)
    notifySelf(dentry.inode, INOTIFY.ATTRIB)
    this.#removed(dentry)
  }

  rmdir(path: string, at?: SimulatedHandle): void {
    const walked = this.#walk(path, 'never', at)
    if (walked.kind !== 'name') throw new SimulatedError(RMDIR_ERRORS[walked.kind], path)
    const dentry = found(walked, path)
    if (dentry.inode.type !== 'directory') throw new SimulatedError('ENOTDIR', path)
    if (dentry.inode.entries.size > 0) throw new SimulatedError('ENOTEMPTY', path)
    this.simulatedTree.unhash(dentry)
    this.#removed(dentry)
  }

  rename(from: string, to: string): void {
    const [source, target] = this.#walkBoth(from, to, false)
    const moved = found(source, from)
    const isDirectory = moved.inode.type === 'directory'
    if (!isDirectory && target.slash) throw new SimulatedError('ENOTDIR', to)
    if (target.parent.isWithin(moved)) throw new SimulatedError('EINVAL', to)
    const over = target.dentry
    if (over !== undefined) {
      if (over !== moved && source.parent.isWithin(over)) throw new SimulatedError('ENOTEMPTY', to)
      if (over.inode === moved.inode) return
      if (isDirectory && over.inode.type !== 'directory') throw new SimulatedError('ENOTDIR', to)
      if (!isDirectory && over.inode.type === 'directory') throw new SimulatedError('EISDIR', to)
      if (over.inode.entries.size > 0) throw new SimulatedError('ENOTEMPTY', to)
      this.simulatedTree.unhash(over)
    }
    this.simulatedTree.move(moved, target.parent, target.name)
    this.#moved(source, target, moved.inode, over?.inode)
    if (over !== undefined) this.simulatedTree.unpin(over)
  }

  /** renameat2(2) with RENAME_EXCHANGE. */
  exchange(a: string, b: string): void {
    const [first, second] = this.#walkBoth(a, b, true)
    const one = found(first, a)
    const other = found(second, b)
    if (second.parent.isWithin(one) || first.parent.isWithin(other)) throw new SimulatedError('EINVAL', b)
    if (one.inode === other.inode) return
    this.simulatedTree.exchange(one, other)
    this.#moved(first, second, one.inode, undefined)
    this.#moved(second, first, other.inode, undefined)
  }

  stat(path: string): SimulatedStat {
    return statOf(this.lookup(path, 'yes').inode)
  }

  lstat(path: string): SimulatedStat {
    return statOf(this.lookup(path, 'no').inode)
  }

  readlink(path: string): string {
    const { type, content } = this.lookup(path, 'no').inode
    if (type !== 'symlink') throw new SimulatedError('EINVAL', path)
    return content
  }

  #walk(path: string, follow: WalkOptions['follow'], at?: SimulatedHandle): Walked {
    return walk(this.simulatedTree.root, path, { follow, at: at?.dentry })
  }

  protected lookup(path: string, follow: WalkOptions['follow']): SimulatedDentry {
    return found(this.#walk(path, follow), path)
  }

  #target(target: SimulatedTarget): SimulatedDentry {
    return typeof target === 'string' ? this.lookup(target, 'yes') : target.dentry
  }

  #walkBoth(from: string, to: string, bothExist: boolean): [Walked, Walked] {
    const source = this.#walk(from, 'never')
    const target = this.#walk(to, 'never')
    if (source.kind !== 'name') throw new SimulatedError('EBUSY', from)
    if (target.kind !== 'name') throw new SimulatedError('EBUSY', to)
    checkName(source.name, from)
    if (source.dentry === undefined) throw new SimulatedError('ENOENT', from)
    checkName(target.name, to)
    if (bothExist && target.dentry === undefined) throw new SimulatedError('ENOENT', to)
    return [source, target]
  }

  #mayCreate(path: string, walked: Walked, isMkdir: boolean): void {
    if (walked.kind !== 'name') throw new SimulatedError('EEXIST', path)
    checkName(walked.name, path)
    if (walked.dentry !== undefined) throw new SimulatedError('EEXIST', path)
    if (walked.slash && !isMkdir) throw new SimulatedError('ENOENT', path)
    if (walked.parent.inode.nlink === 0) throw new SimulatedError('ENOENT', path)
  }

  #create(path: string, walked: Walked, type: EntryType, mode: number, content: string): SimulatedDentry {
    this.#mayCreate(path, walked, type === 'directory')
    const inode = this.simulatedTree.newInode(type, mode)
    inode.content = content
    const dentry = this.simulatedTree.attach(walked.parent, walked.name, inode)
    notifyName(walked.parent.inode, INOTIFY.CREATE, walked.name, inode)
    return dentry
  }

  /** d_delete, then the parent's DELETE: the records of the inode's own watch come first, unless it is still open. */
  #removed(dentry: SimulatedDentry): void {
    this.simulatedTree.unpin(dentry)
    notifyName(dentry.parent.inode, INOTIFY.DELETE, dentry.name, dentry.inode)
  }

  #moved(from: Walked, to: Walked, moved: SimulatedInode, over: SimulatedInode | undefined): void {
    const cookie = ++this.#lastCookie
    notifyName(from.parent.inode, INOTIFY.MOVED_FROM, from.name, moved, cookie)
    notifyName(to.parent.inode, INOTIFY.MOVED_TO, to.name, moved, cookie)
    if (over !== undefined) notifySelf(over, INOTIFY.ATTRIB)
    notifySelf(moved, INOTIFY.MOVE_SELF)
  }
}

function statOf({ ino, type, mode, nlink, content, changedAt, bornAt }: SimulatedInode): SimulatedStat {
  return { dev: 1, ino, type, mode, nlink, size: content.length, changedAt, bornAt }
}

const RMDIR_ERRORS: Readonly<Record<'dot' | 'dotdot' | 'root', SimulatedErrorCode>> = {
  dot: 'EINVAL',
  dotdot: 'ENOTEMPTY',
  root: 'EBUSY',
}
