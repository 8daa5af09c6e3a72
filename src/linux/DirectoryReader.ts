import { lstatSync } from 'node:fs'
import { EINTR, ENAMETOOLONG, errnoOf } from './errno.js'
import type { DirectoryEntry, DirectoryListing, EntryType, FileIdentity } from './InotifyBinding.js'
import { InodeReader } from './InodeReader.js'
import { libc, type Libc } from './libc.js'
import { PATH_MAX, PathBuffer } from './PathBuffer.js'
import { unboxed } from './unboxed.js'

const AT_FDCWD = -100
const O_DIRECTORY = 0o200000
const O_NOFOLLOW = 0o400000
const O_CLOEXEC = 0o2000000
const O_PATH = 0o10000000
const BUFFER_BYTES = 65_536

// getdents64(2): d_ino 8, d_off 8, d_reclen 2, d_type 1, then the name.
const RECLEN_OFFSET = 16
const TYPE_OFFSET = 18
const NAME_OFFSET = 19
const DT_UNKNOWN = 0
const DT_DIR = 4
const DT_REG = 8
const DT_LNK = 10
const WORD_BYTES = 8

const S_IFMT = 0o170000n
const modeTypes: Readonly<Record<string, EntryType>> = {
  [0o040000]: 'directory',
  [0o100000]: 'file',
  [0o120000]: 'symlink',
}

/** lstat(2) of a raw path, or -errno. */
export function identify(path: string): FileIdentity | number {
  try {
    const stat = lstatSync(Buffer.from(path, 'latin1'), { bigint: true })
    return {
      dev: Number(stat.dev),
      ino: Number(stat.ino),
      bornAt: Number(stat.birthtimeNs / 1000n),
      type: modeTypes[Number(stat.mode & S_IFMT)] ?? 'other',
    }
  } catch (error) {
    return -errnoOf(error)
  }
}

/** `st_ctime` of a raw path in microseconds, or -errno. */
export function changedAt(path: string): number {
  try {
    return lstatSync(Buffer.from(path, 'latin1')).ctimeMs * 1000
  } catch (error) {
    return -errnoOf(error)
  }
}

/** Opens and lists directories by descriptor, so that no path is too long: it is walked in pieces. */
export class DirectoryReader {
  readonly #c: Libc = libc()
  readonly #inodes = new InodeReader()
  readonly #buffer = Buffer.alloc(BUFFER_BYTES)
  readonly #words = new Uint32Array(this.#buffer.buffer, this.#buffer.byteOffset, BUFFER_BYTES / 4)
  readonly #paths: PathBuffer

  constructor(paths = new PathBuffer()) {
    this.#paths = paths
  }

  /** A descriptor of the directory, or -errno. The caller closes it. */
  open(path: string, flags: number): number {
    if (path.length <= PATH_MAX) return this.#openat(AT_FDCWD, path, flags)
    let fd = AT_FDCWD
    let rest = path
    while (rest.length > PATH_MAX) {
      const cut = rest.lastIndexOf('/', PATH_MAX)
      if (cut <= 0) {
        if (fd !== AT_FDCWD) this.#c.close(fd)
        return -ENAMETOOLONG
      }
      const next = this.#openat(fd, rest.slice(0, cut), O_PATH | O_DIRECTORY)
      if (fd !== AT_FDCWD) this.#c.close(fd)
      if (next < 0) return next
      fd = next
      rest = rest.slice(cut + 1)
    }
    const last = this.#openat(fd, rest, flags)
    this.#c.close(fd)
    return last
  }

  /** Calls `use` with the path of a magic link to a directory whose own path is too long; or returns -errno. */
  withLink<T>(path: string, use: (link: string) => T): T | number {
    const fd = this.open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW)
    if (fd < 0) return fd
    try {
      return use(`/proc/self/fd/${fd}`)
    } finally {
      this.#c.close(fd)
    }
  }

  /** Calls `use` with a path to the same entry that is not too long; or returns -errno. */
  withShortPath<T>(path: string, use: (path: string) => T): T | number {
    if (path.length <= PATH_MAX) return use(path)
    const cut = path.lastIndexOf('/')
    return this.withLink(path.slice(0, cut), (link) => use(link + path.slice(cut)))
  }

  list(path: string): DirectoryEntry[] | number {
    return this.#withDirectory(path, (fd) => this.#read(fd, path))
  }

  listing(path: string): DirectoryListing | number {
    return this.#withDirectory(path, (fd) => {
      const self = this.#inodes.of(fd)
      if (typeof self === 'number') return self
      const entries = this.#read(fd, path)
      return typeof entries === 'number' ? entries : { self, entries }
    })
  }

  #withDirectory<T>(path: string, use: (fd: number) => T | number): T | number {
    const fd = this.open(path, O_DIRECTORY | O_NOFOLLOW)
    if (fd < 0) return fd
    try {
      return use(fd)
    } finally {
      this.#c.close(fd)
    }
  }

  #read(fd: number, path: string): DirectoryEntry[] | number {
    const entries: DirectoryEntry[] = []
    for (;;) {
      const count = this.#c.getdents64(fd, this.#buffer, BUFFER_BYTES)
      if (count === 0) return entries
      if (count < 0) {
        const errno = this.#c.errno()
        if (errno === EINTR) continue
        return -errno
      }
      this.#decode(path, count, entries)
    }
  }

  #openat(dirfd: number, path: string, flags: number): number {
    const fd = this.#c.openat(dirfd, this.#paths.of(path), flags | O_CLOEXEC)
    return fd < 0 ? -this.#c.errno() : fd
  }

  #decode(path: string, count: number, entries: DirectoryEntry[]): void {
    const buffer = this.#buffer
    const words = this.#words
    let offset = 0
    while (offset < count) {
      const start = offset + NAME_OFFSET
      const next = offset + (buffer[offset + RECLEN_OFFSET]! | (buffer[offset + RECLEN_OFFSET + 1]! << 8))
      // The NUL is in the last word of the record; what follows it there is left from before.
      let end = Math.max(start + 1, next - WORD_BYTES)
      while (buffer[end] !== 0) end++
      const dots =
        buffer[start] === 46 && (end === start + 1 || (end === start + 2 && buffer[start + 1] === 46))
      if (!dots) {
        const name = buffer.toString('latin1', start, end)
        const type = buffer[offset + TYPE_OFFSET]!
        entries.push({
          name,
          type: type === DT_UNKNOWN ? typeOf(`${path}/${name}`) : entryType(type),
          ino: exactIno(words[offset >> 2]!, words[(offset >> 2) + 1]!),
        })
      }
      offset = next
    }
  }
}

function entryType(type: number): EntryType {
  if (type === DT_DIR) return 'directory'
  if (type === DT_REG) return 'file'
  return type === DT_LNK ? 'symlink' : 'other'
}

/** A number that JavaScript cannot hold exactly is none. */
function exactIno(low: number, high: number): number {
  return high >= 2 ** 20 ? 0 : unboxed(high * 2 ** 32 + low)
}

// Some filesystems leave the type out of the listing.
function typeOf(path: string): EntryType {
  const identity = identify(path)
  return typeof identity === 'number' ? 'other' : identity.type
}
