import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from 'node:fs'
import { defer, of, type Observable } from 'rxjs'
import type { FileEvent } from '../events/index.js'
import { ENOENT, ENOTDIR, errnoName, errnoOf, ESTALE } from './errno.js'

/** What a file held at one time. */
export interface ContentFound {
  readonly bytes: Uint8Array
  /** Hexadecimal. */
  readonly sha256: string
  /** Permission bits. */
  readonly mode: number
  /** Where the kernel says that the file is, links followed; empty when it has no name any more. */
  readonly realPath: string
  /** The same as long as nobody writes to the file; absent when it was written to just now. */
  readonly version?: string
}

/** It is the version that was asked about. */
export interface ContentUnchanged {
  readonly unchanged: true
}

/** Why what a file holds cannot be told. */
export interface ContentMissing {
  readonly missing: string
}

export type ContentAnswer = ContentFound | ContentUnchanged | ContentMissing

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants
const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000
// How often a file that changes meanwhile is read.
const TRIES = 4
const CHUNK_BYTES = 65_536
// The times of a file can stand still for some milliseconds while it is written to.
const SETTLED_MS = 50

/**
 * A lookup for the whole content of the regular file that an event is about.
 *
 * Where the source knows the file itself (fanotify), that file is read, whatever its name is by now. Else the path is
 * read, links not followed; it must lead to the same file afterwards. In both cases the file must not have changed
 * while it was read: it is tried a few times, then the answer is that it changes. What is no regular file is not
 * opened. A file that is still in the version `known` is not read again. It reads at once when it is subscribed to. See open_by_handle_at(2), inode(7).
 */
export function contentReader(
  maxSize: number,
): (event: FileEvent, known?: string) => Observable<ContentAnswer> {
  return (event, known) => defer(() => of(readEvent(event, maxSize, known)))
}

function readEvent(event: FileEvent, maxSize: number, known: string | undefined): ContentAnswer {
  const { origin, filePath, filePathBytes } = event
  const path = filePathBytes === undefined ? filePath : Buffer.from(filePathBytes)
  return readFile(path, maxSize, known, origin?.openFile?.bind(origin))
}

/** What the regular file at a path holds, or the one that `openFile` opens, whatever is at the path. */
export function readFile(
  path: string | Buffer,
  maxSize: number,
  known?: string,
  openFile?: (flags: number) => number,
): ContentAnswer {
  for (let tries = 0; tries < TRIES; tries++) {
    const fd = openFile === undefined ? openPath(path) : openFile(O_PATH | O_CLOEXEC)
    if (fd < 0) return { missing: reasonFor(-fd) }
    try {
      const answer = readOnce(fd, maxSize, known)
      if (answer === undefined) continue
      if (!('bytes' in answer) || openFile !== undefined || leadsTo(path, fd)) return answer
    } catch (error) {
      return { missing: reasonFor(errnoOf(error)) }
    } finally {
      closeSync(fd)
    }
  }
  return { missing: 'it changed while it was read' }
}

function openPath(path: string | Buffer): number {
  try {
    return openSync(path, O_PATH | O_NOFOLLOW)
  } catch (error) {
    return -errnoOf(error)
  }
}

const goneCodes: ReadonlySet<number> = new Set([ENOENT, ENOTDIR, ESTALE])

function reasonFor(errno: number): string {
  return goneCodes.has(errno) ? 'it was gone' : `it cannot be read (${errnoName(errno)})`
}

/** The content of a file that was opened as a path only, or `undefined` when it changed meanwhile. */
function readOnce(pathFd: number, maxSize: number, known: string | undefined): ContentAnswer | undefined {
  const before = fstatSync(pathFd, { bigint: true })
  if (!before.isFile()) return { missing: 'it is no regular file' }
  if (before.size > maxSize) return { missing: `it is too large (${before.size} bytes)` }
  const version = versionOf(before)
  if (version === known) return { unchanged: true }
  const link = `/proc/self/fd/${pathFd}`
  const isSettled = Date.now() - Number(before.ctimeMs) > SETTLED_MS
  const fd = openSync(link, O_RDONLY | O_NONBLOCK)
  try {
    const bytes = readAll(fd, Number(before.size), maxSize)
    if (bytes === undefined || !isSame(before, fstatSync(fd, { bigint: true }))) return undefined
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const realPath = before.nlink === 0n ? '' : readlinkSync(link)
    const mode = Number(before.mode) & 0o7777
    return { bytes, sha256, mode, realPath, ...(isSettled && { version }) }
  } finally {
    closeSync(fd)
  }
}

/** Reads to the end, which may lie elsewhere than the size says: files of /proc have none. */
function readAll(fd: number, size: number, maxSize: number): Buffer | undefined {
  let buffer = Buffer.allocUnsafeSlow(size + 1)
  let length = 0
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, null)
    length += count
    if (count === 0) return length === buffer.length ? buffer : Buffer.from(buffer.subarray(0, length))
    if (length > maxSize) return undefined
    if (length < buffer.length) continue
    const larger = Buffer.allocUnsafeSlow(length + CHUNK_BYTES)
    buffer.copy(larger)
    buffer = larger
  }
}

function versionOf({ dev, ino, ctimeNs, mtimeNs, size }: BigIntStats): string {
  return `${dev}:${ino}:${ctimeNs}:${mtimeNs}:${size}`
}

function isSame(before: BigIntStats, after: BigIntStats): boolean {
  return before.ctimeNs === after.ctimeNs && before.mtimeNs === after.mtimeNs && before.size === after.size
}

function leadsTo(path: string | Buffer, fd: number): boolean {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  const read = fstatSync(fd, { bigint: true })
  return found?.dev === read.dev && found.ino === read.ino
}
