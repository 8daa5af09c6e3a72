import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { IN } from './inotifyMasks.js'
import { libc, type Libc } from './libc.js'

interface Slot {
  readonly wd: number
  /** The descriptor that `file` tells about, where it is such a file. */
  readonly keeper: number | undefined
  readonly file: number
  /** The number of the fence that is under way here, 0 when there is none. */
  token: number
  /** The number of the last fence that was posted here. */
  last: number
  /** An overflow has been seen since: the answer is either on its way before the next one, or lost. */
  stale: boolean
}

// One for crawling and one for stopping can be under way, and an overflow can leave as many lost ones behind.
export const FENCES = 4
const MFD_CLOEXEC = 1

/**
 * Marks positions in an inotify queue, by reading a byte from a file that nobody else reads: the kernel queues
 * IN_ACCESS behind all that is queued. The file has no path at which others come across it; reading changes
 * nothing and needs no right. Identical records that follow each other are merged by the kernel, so each slot
 * has at most one fence under way.
 */
export class Fences {
  readonly #slots: Slot[] = []
  #last = 0
  #lastWd = 0

  /** `addWatch` returns a watch descriptor or -errno. Fences come before all other watches. */
  constructor(addWatch: (path: string, mask: number) => number, failed: (errno: number) => Error) {
    try {
      for (let i = 0; i < FENCES; i++) this.#slots.push(openSlot(addWatch, failed))
    } catch (error) {
      this.close()
      throw error
    }
    this.#lastWd = this.#slots[FENCES - 1]!.wd
  }

  /** Watch descriptors up to this one are fences. */
  get lastWd(): number {
    return this.#lastWd
  }

  /** Queues a fence and returns its number; numbers rise. */
  post(): number {
    // The one that was used longest ago: overflows that had been read before a fence was posted can have it given up
    // while its answer is still on its way, which must not be taken for that of the next one.
    const free = this.#slots.filter(({ token }) => token === 0).sort((a, b) => a.last - b.last)
    const [slot] = free
    if (slot === undefined) throw new Error('every fence is under way')
    slot.token = slot.last = ++this.#last
    slot.stale = false
    readSync(slot.file, scratch, 0, 1, 0)
    return slot.token
  }

  /** The number of the fence that a record on `wd` answers. Fences with smaller numbers were lost. */
  arrived(wd: number): number {
    const token = this.#slots.find((candidate) => candidate.wd === wd)?.token ?? 0
    for (const slot of this.#slots) if (slot.token <= token) slot.token = 0
    return token
  }

  /** An overflow record was read: what was under way at the one before can no longer come. */
  overflowed(): void {
    for (const slot of this.#slots) {
      if (slot.stale) slot.token = 0
      slot.stale = slot.token !== 0
    }
  }

  close(): void {
    for (const slot of this.#slots) {
      closeSync(slot.file)
      if (slot.keeper !== undefined) closeSync(slot.keeper)
    }
    this.#slots.length = 0
  }
}

const scratch = Buffer.alloc(1)

function openSlot(addWatch: (path: string, mask: number) => number, failed: (errno: number) => Error): Slot {
  const { file, keeper } = openPrivateFile()
  try {
    const wd = addWatch(`/proc/self/fd/${file}`, IN.ACCESS)
    if (wd < 0) throw failed(-wd)
    return { wd, keeper, file, token: 0, last: 0, stale: false }
  } catch (error) {
    closeSync(file)
    if (keeper !== undefined) closeSync(keeper)
    throw error
  }
}

function openPrivateFile(): { file: number; keeper: number | undefined } {
  const memory = openMemoryFile()
  if (memory !== undefined) return { file: memory, keeper: undefined }
  // Without FFI: what /proc tells of a descriptor is an inode too. By the thread, since those who look through
  // /proc (lsof, fsflow itself for the users of inotify) read by the process, and each read is a record.
  const keeper = openSync('/dev/null', 'r')
  try {
    return { file: openSync(`/proc/self/task/${process.pid}/fdinfo/${keeper}`, 'r'), keeper }
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
  if (fd < 0) return undefined
  try {
    writeSync(fd, scratch)
    // The kernel queues no records for what is done by the first descriptor of such a file.
    return openSync(`/proc/self/fd/${fd}`, 'r')
  } finally {
    c.close(fd)
  }
}
