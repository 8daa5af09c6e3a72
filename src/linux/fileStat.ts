import { lstatSync, readlinkSync, type BigIntStats } from 'node:fs'
import { defer, of, type Observable } from 'rxjs'
import type { FileMetadata } from '../events/index.js'
import { userDatabase, type UserDatabase } from './userDatabase.js'

const S_IFMT = 0o170000
const S_ISUID = 0o4000
const S_ISGID = 0o2000
const S_ISVTX = 0o1000

// The years 1 to 9999, which RFC 3339 has; some filesystems store any 64-bit second.
const MIN_SECOND = -62_135_596_800n
const MAX_SECOND = 253_402_300_799n
const NANOS = 1_000_000_000n

const types: Readonly<Record<number, readonly [letter: string, type: FileMetadata['fileType']]>> = {
  0o140000: ['s', 'socket'],
  0o120000: ['l', 'symlink'],
  0o100000: ['-', 'file'],
  0o060000: ['b', 'block_device'],
  0o040000: ['d', 'directory'],
  0o020000: ['c', 'character_device'],
  0o010000: ['p', 'fifo'],
}

/**
 * What lstat(2) says of a file, or `null` when it is not there or cannot be reached.
 *
 * `bytes` is the raw path where `path` does not tell it exactly. Times have microseconds; years outside 1 to 9999
 * are cut to these. Where a symbolic link leads is told only when the link was the same before and after reading it.
 */
export function fileStat(
  path: string,
  bytes?: Uint8Array,
  names: UserDatabase = userDatabase,
): FileMetadata | null {
  const raw = bytes === undefined ? path : Buffer.from(bytes)
  const stat = lstat(raw)
  if (stat === undefined) return null
  const mode = Number(stat.mode)
  const uid = Number(stat.uid)
  const gid = Number(stat.gid)
  const [letter, fileType] = types[mode & S_IFMT] ?? (['?', 'unknown'] as const)
  return {
    permissions: letter + permissionLetters(mode),
    permissionsOctal: (mode & 0o7777).toString(8).padStart(4, '0'),
    ownerUid: uid,
    ownerGid: gid,
    ownerName: names.userName(uid),
    groupName: names.groupName(gid),
    size: Number(stat.size),
    modified: timeText(stat.mtimeNs),
    accessed: timeText(stat.atimeNs),
    changed: timeText(stat.ctimeNs),
    created: stat.birthtimeNs <= 0n ? null : timeText(stat.birthtimeNs),
    inode: stat.ino.toString(),
    hardLinks: Number(stat.nlink),
    fileType,
    ...(fileType === 'symlink' && { linkTarget: linkTarget(raw, stat) }),
  }
}

/** The size of the file itself that a path names; `null` when it is none, or not there. */
export function lookupFileSize(path: string, bytes?: Uint8Array): Observable<number | null> {
  return defer(() => {
    const stat = lstat(bytes === undefined ? path : Buffer.from(bytes))
    return of(stat?.isFile() === true ? Number(stat.size) : null)
  })
}

/** `fileStat` as a lookup: it looks when it is subscribed to, and answers at once. */
export function lookupFileMetadata(path: string, bytes?: Uint8Array): Observable<FileMetadata | null> {
  return defer(() => of(fileStat(path, bytes)))
}

function lstat(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** A link is never changed, only replaced: the same inode before and after means that it was read. */
function linkTarget(path: string | Buffer, before: BigIntStats): string | null {
  try {
    const target = readlinkSync(path)
    const after = lstat(path)
    const isSame = after?.dev === before.dev && after.ino === before.ino && after.ctimeNs === before.ctimeNs
    return isSame ? target : null
  } catch {
    return null
  }
}

function permissionLetters(mode: number): string {
  return (
    triplet(mode >> 6, (mode & S_ISUID) !== 0, 's') +
    triplet(mode >> 3, (mode & S_ISGID) !== 0, 's') +
    triplet(mode, (mode & S_ISVTX) !== 0, 't')
  )
}

function triplet(bits: number, special: boolean, letter: string): string {
  const execute = (bits & 1) !== 0
  const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-'
  return ((bits & 4) === 0 ? '-' : 'r') + ((bits & 2) === 0 ? '-' : 'w') + last
}

function timeText(nanos: bigint): string {
  const below = ((nanos % NANOS) + NANOS) % NANOS
  const second = (nanos - below) / NANOS
  const bounded = second < MIN_SECOND ? MIN_SECOND : second > MAX_SECOND ? MAX_SECOND : second
  const whole = new Date(Number(bounded) * 1000).toISOString().slice(0, 19)
  return `${whole}.${String(below / 1000n).padStart(6, '0')}Z`
}
