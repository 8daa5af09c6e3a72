import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { writeWhole } from './writeWhole.js'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

/** The SHA-256 of the regular file at a path; `undefined` when nothing is there. Throws for anything else. */
export function presentDigest(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  if (!stats.isFile()) throw new Error('it is no regular file')
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW)
  try {
    return createHash('sha256').update(readFileSync(fd)).digest('hex')
  } finally {
    closeSync(fd)
  }
}

/**
 * Puts a file with these bytes at a path: whoever looks sees the old one or the new one, whole.
 *
 * It is written beside it and renamed over it. It gets these permission bits, less set-uid, set-gid and sticky, and
 * the owner of the file that it replaces, as far as this user may give it.
 */
export function restoreFile(path: string, bytes: Uint8Array, mode: number): void {
  const before = lstatSync(path, { throwIfNoEntry: false })
  const temporary = join(dirname(path), `.fsflow-restore-${process.pid}`)
  const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    writeWhole(fd, bytes)
    if (before !== undefined) takeOwner(fd, before)
    fchmodSync(fd, mode & 0o777)
    fsyncSync(fd)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
  const folder = openSync(dirname(path), O_RDONLY)
  fsyncSync(folder)
  closeSync(folder)
}

function takeOwner(fd: number, { uid, gid }: Stats): void {
  try {
    fchownSync(fd, uid, gid)
  } catch {
    // Only root may give files away: then it belongs to who restores it.
  }
}
