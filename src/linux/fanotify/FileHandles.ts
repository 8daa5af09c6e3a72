import { cPath } from '../cPath.js'
import { libc, type Libc } from '../libc.js'
import type { HandleKey } from './HandleRecord.js'

const AT_EMPTY_PATH = 0x1000
const AT_FDCWD = -100
const MAX_HANDLE_BYTES = 128
const HANDLE_HEADER_BYTES = 8
const FSID_BYTES = 8
// struct statfs: seven words of 8 bytes, then f_fsid.
const STATFS_BYTES = 256
const FSID_OFFSET = 56
const LINK_BYTES = 8192
const NO_PATH = cPath('')

/** A handle as name_to_handle_at(2) gives it: of which mount, and `struct file_handle` as a latin1 string. */
export interface FoundHandle {
  readonly mountId: number
  readonly handle: string
}

/** name_to_handle_at(2), open_by_handle_at(2) and what goes with them. Results below 0 are -errno. */
export class FileHandles {
  readonly #c: Libc = libc()
  readonly #handle = Buffer.alloc(HANDLE_HEADER_BYTES + MAX_HANDLE_BYTES)
  readonly #mountId = new Int32Array(1)
  readonly #mountIdBytes = new Uint8Array(this.#mountId.buffer)
  readonly #link = Buffer.alloc(LINK_BYTES)

  /** The handle of an entry in a directory that is open, or of the directory itself when `name` is empty. */
  of(dirfd: number, name: string): FoundHandle | number {
    const flags = name === '' ? AT_EMPTY_PATH : 0
    this.#handle.writeUInt32LE(MAX_HANDLE_BYTES, 0)
    const path = name === '' ? NO_PATH : cPath(name)
    if (this.#c.nameToHandleAt(dirfd, path, this.#handle, this.#mountIdBytes, flags) < 0)
      return -this.#c.errno()
    const length = HANDLE_HEADER_BYTES + this.#handle.readUInt32LE(0)
    return { mountId: this.#mountId[0]!, handle: this.#handle.toString('latin1', 0, length) }
  }

  /** The handle of a raw path. */
  ofPath(path: string): FoundHandle | number {
    return this.of(AT_FDCWD, path)
  }

  /** A descriptor of the file that a key names; `mountFd` is any of its filesystem. The caller closes it. */
  open(mountFd: number, key: HandleKey, flags: number): number {
    const length = this.#handle.write(key.slice(FSID_BYTES), 0, 'latin1')
    const fd = length < HANDLE_HEADER_BYTES ? -1 : this.#c.openByHandleAt(mountFd, this.#handle, flags)
    return fd < 0 ? -this.#c.errno() : fd
  }

  /** Where the kernel says that a descriptor lies: a raw path, or -errno. */
  link(fd: number): string | number {
    const count = this.#c.readlink(`/proc/self/fd/${fd}`, this.#link, LINK_BYTES)
    return count < 0 ? -this.#c.errno() : this.#link.toString('latin1', 0, count)
  }

  /** The `fsid` of the filesystem of a raw path, as it stands in records, or -errno. */
  fsidOf(path: string): string | number {
    const buffer = Buffer.alloc(STATFS_BYTES)
    if (this.#c.statfs(cPath(path), buffer) < 0) return -this.#c.errno()
    return buffer.toString('latin1', FSID_OFFSET, FSID_OFFSET + FSID_BYTES)
  }
}
