import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'
import { cPath } from './cPath.js'
import { EINTR } from './errno.js'
import { libc, type Libc } from './libc.js'

const AT_FDCWD = -100
const O_RDONLY = 0
const O_CLOEXEC = 0o2000000
const LINK_BYTES = 4096

/** Reads the small files and links of /proc, of which any may be gone. */
export interface ProcFiles {
  /** The text of a file, at most what the buffer holds; `null` when it cannot be read. */
  read(path: string, buffer: Buffer): string | null
  /** Where a link leads; `null` when it cannot be read. */
  link(path: string, encoding: 'utf8' | 'latin1'): string | null
}

/** By FFI: several times cheaper than node:fs, most of all where the file is gone, since nothing is thrown. */
class ProcFilesByFfi implements ProcFiles {
  readonly #c: Libc = libc()
  readonly #link = Buffer.alloc(LINK_BYTES)

  read(path: string, buffer: Buffer): string | null {
    const fd = this.#c.openat(AT_FDCWD, cPath(path), O_RDONLY | O_CLOEXEC)
    if (fd < 0) return null
    // One read gives all that there is: these files are made when they are read.
    let count = this.#c.read(fd, buffer, buffer.length)
    while (count < 0 && this.#c.errno() === EINTR) count = this.#c.read(fd, buffer, buffer.length)
    this.#c.close(fd)
    return count < 0 ? null : buffer.toString('utf8', 0, count)
  }

  link(path: string, encoding: 'utf8' | 'latin1'): string | null {
    const count = this.#c.readlink(path, this.#link, LINK_BYTES)
    return count < 0 ? null : this.#link.toString(encoding, 0, count)
  }
}

class ProcFilesByNode implements ProcFiles {
  read(path: string, buffer: Buffer): string | null {
    let fd: number
    try {
      fd = openSync(path, 'r')
    } catch {
      return null
    }
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, null))
    } catch {
      return null
    } finally {
      closeSync(fd)
    }
  }

  link(path: string, encoding: 'utf8' | 'latin1'): string | null {
    try {
      return readlinkSync(path, encoding)
    } catch {
      return null
    }
  }
}

let cached: ProcFiles | undefined

export function procFiles(): ProcFiles {
  cached ??= choose()
  return cached
}

function choose(): ProcFiles {
  try {
    return new ProcFilesByFfi()
  } catch {
    return new ProcFilesByNode()
  }
}
