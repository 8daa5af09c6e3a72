import { cPath } from './cPath.js'
import type { Inode } from './InotifyBinding.js'
import { libc, type Libc } from './libc.js'

const AT_FDCWD = -100
const AT_EMPTY_PATH = 0x1000
const STATX_CTIME = 0x80
const STATX_INO = 0x100
const STATX_BTIME = 0x800
// struct statx of statx(2).
const STATX_BYTES = 256
const INO_OFFSET = 32
const BTIME_OFFSET = 80
const CTIME_OFFSET = 96
const DEV_OFFSET = 136
const NO_PATH = Buffer.from([0])

/** Which inode a descriptor is of, by statx(2): several times cheaper than by node:fs. */
export class InodeReader {
  readonly #c: Libc = libc()
  readonly #buffer = Buffer.alloc(STATX_BYTES)

  /** The inode of a descriptor, or -errno. */
  of(fd: number): Inode | number {
    return this.#statx(fd, NO_PATH, AT_EMPTY_PATH)
  }

  /** The inode that a raw path leads to, links followed, or -errno. */
  ofPath(path: string): Inode | number {
    return this.#statx(AT_FDCWD, cPath(path), 0)
  }

  /** What changes with every change of the file that a raw path leads to, and differs between files; or -errno. */
  versionOf(path: string): string | number {
    const inode = this.ofPath(path)
    if (typeof inode === 'number') return inode
    const nanos = this.#buffer.readUInt32LE(CTIME_OFFSET + 8)
    return `${inode.dev}:${inode.ino}:${this.#buffer.readUInt32LE(CTIME_OFFSET)}.${nanos}`
  }

  #statx(dirfd: number, path: Buffer, flags: number): Inode | number {
    const buffer = this.#buffer
    const mask = STATX_INO | STATX_BTIME | STATX_CTIME
    if (this.#c.statx(dirfd, path, flags, mask, buffer) < 0) return -this.#c.errno()
    const hasBirth = (buffer.readUInt32LE(0) & STATX_BTIME) !== 0
    return {
      dev: deviceNumber(buffer.readUInt32LE(DEV_OFFSET), buffer.readUInt32LE(DEV_OFFSET + 4)),
      ino: buffer.readUInt32LE(INO_OFFSET + 4) * 2 ** 32 + buffer.readUInt32LE(INO_OFFSET),
      bornAt: hasBirth ? micros(buffer, BTIME_OFFSET) : 0,
    }
  }
}

/** As `st_dev` has it, see makedev(3). */
function deviceNumber(major: number, minor: number): number {
  const low = (minor & 0xff) + (major & 0xfff) * 2 ** 8 + (minor >>> 8) * 2 ** 20
  return low + (major >>> 12) * 2 ** 44
}

function micros(buffer: Buffer, offset: number): number {
  const seconds = buffer.readInt32LE(offset + 4) * 2 ** 32 + buffer.readUInt32LE(offset)
  return seconds * 1_000_000 + Math.trunc(buffer.readUInt32LE(offset + 8) / 1000)
}
