import { closeSync, openSync } from 'node:fs'
import { IN } from './inotifyMasks.js'
import { libc, type Libc } from './libc.js'

interface FenceFile {
  /** The watch that the next fence here gives up, 0 when none could be had. */
  wd: number
  readonly path: string
  readonly descriptors: readonly number[]
}

/** What a binding does for them. */
export interface FenceWatches {
  /** A watch descriptor or -errno. */
  add(path: string, mask: number): number
  remove(wd: number): void
}

// At the watch limit, another program can take the watch that is free for a moment: then there is one left.
export const FENCES = 2
const MFD_CLOEXEC = 1

/**
 * Marks positions in an inotify queue, by giving up the watch of a file: the kernel queues IN_IGNORED behind all that
 * is queued. Since it gives out each watch descriptor once, no answer can be taken for that of another fence, whatever
 * an overflow has swallowed in between. The file has no path at which others come across it.
 */
export class Fences {
  readonly #watches: FenceWatches
  readonly #failed: (errno: number) => Error
  readonly #files: FenceFile[] = []
  /** The numbers of the fences under way, and of lost ones, by the watches that were given up; they rise. */
  readonly #tokens = new Map<number, number>()
  #last = 0

  /** Throws what `failed` gives when no watches can be had. */
  constructor(watches: FenceWatches, failed: (errno: number) => Error) {
    this.#watches = watches
    this.#failed = failed
    try {
      for (let i = 0; i < FENCES; i++) this.#open()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Queues a fence and returns its number; numbers rise. */
  post(): number {
    // The other one next time.
    const file = this.#files.shift()!
    this.#files.push(file)
    if (file.wd === 0) this.#watch(file)
    this.#tokens.set(file.wd, ++this.#last)
    this.#watches.remove(file.wd)
    file.wd = Math.max(0, this.#watches.add(file.path, IN.DELETE_SELF))
    return this.#last
  }

  /** The number of the fence that the end of a watch answers, 0 when it is none. Fences with smaller numbers were lost. */
  arrived(wd: number): number {
    const token = this.#tokens.get(wd) ?? 0
    for (const [other, number] of this.#tokens) {
      if (number > token) break
      this.#tokens.delete(other)
    }
    return token
  }

  close(): void {
    for (const { descriptors } of this.#files) for (const fd of descriptors) closeSync(fd)
    this.#files.length = 0
  }

  #open(): void {
    const descriptors = openPrivateFile()
    const file = { wd: 0, path: `/proc/self/fd/${descriptors[0]}`, descriptors }
    this.#files.push(file)
    this.#watch(file)
  }

  #watch(file: FenceFile): void {
    const wd = this.#watches.add(file.path, IN.DELETE_SELF)
    if (wd < 0) throw this.#failed(-wd)
    file.wd = wd
  }
}

/** Descriptors, the first of which is open on a file that nobody else has. */
function openPrivateFile(): number[] {
  const memory = openMemoryFile()
  if (memory !== undefined) return [memory]
  // Without FFI: what /proc tells of a descriptor is an inode too.
  const keeper = openSync('/dev/null', 'r')
  try {
    return [openSync(`/proc/self/task/${process.pid}/fdinfo/${keeper}`, 'r'), keeper]
  } catch (error) {
    closeSync(keeper)
    throw error
  }
}

function openMemoryFile(): number | undefined {
  let c: Libc
  try {
    c = libc()
  } catch {
    return undefined
  }
  const fd = c.memfdCreate('fsflow-fence', MFD_CLOEXEC)
  return fd < 0 ? undefined : fd
}
