import type { SimulatedDentry, SimulatedInode } from './simulatedTree.js'

/**
 * The bits of inotify(7), written out a second time: a simulation that shared a constant with the code under
 * test would share its mistake.
 */
export const INOTIFY = {
  ACCESS: 0x1,
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  CLOSE_NOWRITE: 0x10,
  OPEN: 0x20,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  ALL_EVENTS: 0xfff,
  UNMOUNT: 0x2000,
  Q_OVERFLOW: 0x4000,
  IGNORED: 0x8000,
  ONLYDIR: 0x1000000,
  DONT_FOLLOW: 0x2000000,
  EXCL_UNLINK: 0x4000000,
  MASK_CREATE: 0x10000000,
  MASK_ADD: 0x20000000,
  ISDIR: 0x40000000,
  ONESHOT: 0x80000000,
} as const

/** Tells an event of an open file or a path: first to the directory that holds its name, then to the inode itself. */
export function notifyFile(dentry: SimulatedDentry, event: number): void {
  notifyParentAndSelf(dentry, event, !dentry.hashed)
}

/** As notifyFile, for a change of attributes: the kernel has no path then, so IN_EXCL_UNLINK cannot apply. */
export function notifyAttributes(dentry: SimulatedDentry, event: number): void {
  notifyParentAndSelf(dentry, event, false)
}

function notifyParentAndSelf(dentry: SimulatedDentry, event: number, unlinked: boolean): void {
  const mask = event | directoryBit(dentry.inode)
  const { inode, name } = dentry
  const directory = dentry.parent === dentry ? undefined : dentry.parent.inode
  for (const observer of inode.observers) observer({ mask, directory, name, inode, cookie: 0 })
  if (dentry.parent !== dentry) {
    for (const mark of dentry.parent.inode.marks) mark.deliver(mask, 0, dentry.name, unlinked)
  }
  for (const mark of dentry.inode.marks) mark.deliver(mask, 0, '', unlinked)
}

/** Tells a directory that one of its names came or went. */
export function notifyName(
  directory: SimulatedInode,
  event: number,
  name: string,
  subject: SimulatedInode,
  cookie = 0,
): void {
  const mask = event | directoryBit(subject)
  for (const observer of subject.observers) observer({ mask, directory, name, inode: subject, cookie })
  for (const mark of directory.marks) mark.deliver(mask, cookie, name, false)
}

/** Tells the inode's own watches only. */
export function notifySelf(inode: SimulatedInode, event: number): void {
  const mask = event | directoryBit(inode)
  for (const observer of inode.observers) observer({ mask, directory: undefined, name: '', inode, cookie: 0 })
  for (const mark of inode.marks) mark.deliver(mask, 0, '', false)
}

function directoryBit(inode: SimulatedInode): number {
  return inode.type === 'directory' ? INOTIFY.ISDIR : 0
}
