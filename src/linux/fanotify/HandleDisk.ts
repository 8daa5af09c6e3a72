import { DirectoryReader, identify } from '../DirectoryReader.js'
import { ESTALE } from '../errno.js'
import { libc } from '../libc.js'
import type { HandleDisk as Port, FoundEntry, FoundPlace, ListedEntry } from './HandleDiskPort.js'
import { FileHandles, type FoundHandle } from './FileHandles.js'
import type { HandleKey } from './HandleRecord.js'

const O_DIRECTORY = 0o200000
const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000
const FSID_BYTES = 8
// How often a directory may move while it is looked at.
const TRIES = 8
const DELETED = ' (deleted)'
// Longer than any filesystem allows, so that it is never there, and its absence is not cached.
const UNCACHED = 'x'.repeat(256)

/** A filesystem that is marked, and the mount through which its files are reached. */
export interface MarkedFilesystem {
  readonly fsid: string
  readonly mountId: number
  /** Raw paths of directories in it, of which one at least is there as long as it is mounted. */
  readonly paths: readonly string[]
}

/**
 * Looks at files by their handles.
 *
 * A rename changes the tree first and queues its record second, both under the lock of the directories. So what
 * is looked at here is looked at once more after that lock could be had: then a fence posted afterwards comes
 * behind the records of all that was seen.
 */
export class HandleDisk implements Port {
  readonly #c = libc()
  readonly #handles = new FileHandles()
  readonly #reader = new DirectoryReader()
  readonly #filesystems = new Map<string, MarkedFilesystem>()
  // Open only while there is work: an open directory would keep its filesystem from being unmounted.
  readonly #mountFds = new Map<string, number>()

  get filesystems(): MarkedFilesystem[] {
    return [...this.#filesystems.values()]
  }

  add(filesystem: MarkedFilesystem): void {
    this.#filesystems.set(filesystem.fsid, filesystem)
  }

  remove(fsid: string): void {
    this.release()
    this.#filesystems.delete(fsid)
  }

  /** True when the filesystem of the key is marked. */
  knows(key: HandleKey): boolean {
    return this.#filesystems.has(key.slice(0, FSID_BYTES))
  }

  /** The directory at a raw path, links followed: its handle, mount and filesystem, or -errno. */
  find(path: string): (FoundHandle & { readonly fsid: string }) | number {
    const fd = this.#reader.open(path, O_PATH | O_DIRECTORY)
    if (fd < 0) return fd
    try {
      const found = this.#handles.of(fd, '')
      const fsid = this.#handles.fsidOf(`/proc/self/fd/${fd}/.`)
      if (typeof found === 'number') return found
      return typeof fsid === 'number' ? fsid : { ...found, fsid }
    } finally {
      this.#c.close(fd)
    }
  }

  /** The key of the file at a raw path, links not followed, when it lies in a marked filesystem. */
  keyOf(path: string): HandleKey | undefined {
    const found = this.#reader.withShortPath(path, (short) => this.#handles.ofPath(short))
    if (typeof found === 'number') return undefined
    for (const { fsid, mountId } of this.#filesystems.values()) {
      if (mountId === found.mountId) return fsid + found.handle
    }
    return undefined
  }

  locate(key: HandleKey): FoundPlace | undefined {
    return this.#withDirectory(key, (fd, { fsid, mountId }) => {
      for (let i = 0; i < TRIES; i++) {
        const above = this.#c.openat(fd, '..', O_PATH | O_DIRECTORY | O_CLOEXEC)
        if (above < 0) return undefined
        try {
          const parent = this.#handles.of(above, '')
          if (typeof parent === 'number') return undefined
          if (parent.mountId !== mountId || fsid + parent.handle === key) return { parent: '', name: '' }
          const link = this.#handles.link(fd)
          const isShort = typeof link === 'string' && link.startsWith('/')
          const name = isShort ? link.slice(link.lastIndexOf('/') + 1) : this.#nameIn(above, key)
          if (name === undefined) return undefined
          this.#sync(above)
          const entry = this.#handles.of(above, name)
          // What is mounted on it hides it, and keeps it from being renamed.
          const isThere =
            typeof entry !== 'number' && (entry.mountId !== mountId || fsid + entry.handle === key)
          if (isThere) return { parent: fsid + parent.handle, name }
          if (name.endsWith(DELETED)) return undefined
        } finally {
          this.#c.close(above)
        }
      }
      return undefined
    })
  }

  list(key: HandleKey): ListedEntry[] | undefined {
    return this.#withDirectory(key, (fd, { fsid, mountId }) => {
      const listed = this.#reader.list(`/proc/self/fd/${fd}/.`)
      if (typeof listed === 'number') return undefined
      const entries = listed.map(({ name, type }) => {
        if (type !== 'directory') return { name, key: '', isDirectory: false }
        const found = this.#handles.of(fd, name)
        const isInside = typeof found !== 'number' && found.mountId === mountId
        return { name, key: isInside ? fsid + found.handle : '', isDirectory: true }
      })
      // A name may have changed since it was listed.
      if (listed.some(({ type }) => type === 'directory')) this.#sync(fd)
      return entries
    })
  }

  lookUp(directory: HandleKey, name: string): FoundEntry | undefined {
    return this.#withDirectory(directory, (fd, { fsid }) => {
      this.#sync(fd)
      const found = this.#handles.of(fd, name)
      const identity = identify(`/proc/self/fd/${fd}/${name}`)
      if (typeof found === 'number' || typeof identity === 'number') return undefined
      return { key: fsid + found.handle, isDirectory: identity.type === 'directory' }
    })
  }

  isAlive(key: HandleKey): boolean {
    const filesystem = this.#filesystems.get(key.slice(0, FSID_BYTES))
    if (filesystem === undefined) return false
    const mountFd = this.#mountFd(filesystem)
    const fd = mountFd < 0 ? -1 : this.#handles.open(mountFd, key, O_PATH | O_CLOEXEC)
    if (fd >= 0) this.#c.close(fd)
    return fd >= 0
  }

  /** Calls `use` with a raw path by which the directory can be reached for the moment; or `undefined`. */
  reach<T>(key: HandleKey, use: (path: string) => T): T | undefined {
    return this.#withDirectory(key, (fd) => use(`/proc/self/fd/${fd}`))
  }

  /** A descriptor of the file of a key, or -errno; the caller closes it. Keeps nothing else open. */
  openFile(key: HandleKey, flags: number): number {
    const filesystem = this.#filesystems.get(key.slice(0, FSID_BYTES))
    if (filesystem === undefined) return -ESTALE
    const kept = this.#mountFds.get(filesystem.fsid)
    const mountFd = kept ?? this.#openMount(filesystem)
    if (mountFd < 0) return mountFd
    const fd = this.#handles.open(mountFd, key, flags)
    if (kept === undefined) this.#c.close(mountFd)
    return fd
  }

  release(): void {
    for (const fd of this.#mountFds.values()) this.#c.close(fd)
    this.#mountFds.clear()
  }

  #withDirectory<T>(
    key: HandleKey,
    use: (fd: number, filesystem: MarkedFilesystem) => T | undefined,
  ): T | undefined {
    const filesystem = this.#filesystems.get(key.slice(0, FSID_BYTES))
    if (filesystem === undefined) return undefined
    const mountFd = this.#mountFd(filesystem)
    if (mountFd < 0) return undefined
    const fd = this.#handles.open(mountFd, key, O_PATH | O_DIRECTORY | O_CLOEXEC)
    if (fd < 0) return undefined
    try {
      return use(fd, filesystem)
    } finally {
      this.#c.close(fd)
    }
  }

  #mountFd(filesystem: MarkedFilesystem): number {
    const open = this.#mountFds.get(filesystem.fsid)
    if (open !== undefined) return open
    const fd = this.#openMount(filesystem)
    if (fd >= 0) this.#mountFds.set(filesystem.fsid, fd)
    return fd
  }

  #openMount({ mountId, paths }: MarkedFilesystem): number {
    let error = -ESTALE
    for (const path of paths) {
      // open_by_handle_at(2) takes no O_PATH descriptor for the mount.
      const fd = this.#reader.open(path, O_DIRECTORY)
      const found = fd < 0 ? fd : this.#handles.of(fd, '')
      if (typeof found !== 'number' && found.mountId === mountId) return fd
      if (fd < 0) error = fd
      // Something else may be mounted there now.
      else this.#c.close(fd)
    }
    return error
  }

  /**
   * Waits for whoever changes the directory just now: a name that is not cached is looked up under the same lock.
   * Other watchers see nothing of that, as they would of a directory that is opened and read.
   */
  #sync(fd: number): void {
    const found = this.#c.openat(fd, UNCACHED, O_PATH | O_CLOEXEC)
    if (found >= 0) this.#c.close(found)
  }

  /** The name of a directory whose path is too long to be told. */
  #nameIn(above: number, key: HandleKey): string | undefined {
    const listed = this.#reader.list(`/proc/self/fd/${above}/.`)
    if (typeof listed === 'number') return undefined
    return listed.find(({ name, type }) => {
      const found = type === 'directory' ? this.#handles.of(above, name) : -1
      return typeof found !== 'number' && found.handle === key.slice(FSID_BYTES)
    })?.name
  }
}
