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

/** What a binding does for them. */
export interface FenceWatches {
  /** A watch descriptor or -errno. */
  add(path: string, mask: number): number
  remove(wd: number): void
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
  readonly #watches: FenceWatches
  readonly #slots: Slot[] = []
  #last = 0

  /** Throws what `failed` gives when there are not enough watches. */
  constructor(watches: FenceWatches, failed: (errno: number) => Error) {
    this.#watches = watches
    try {
      for (let i = 0; i < FENCES; i++) {
        const slot = openSlot(watches)
        if (typeof slot === 'number') throw failed(-slot)
        this.#slots.push(slot)
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Queues a fence and returns its number; numbers rise. */
  post(): number {
    // The one that was used longest ago, for the case that no watch was free to renew it.
    const free = this.#slots.filter(({ token }) => token === 0).sort((a, b) => a.last - b.last)
    const [slot] = free
    if (slot === undefined) throw new Error('every fence is under way')
    slot.token = slot.last = ++this.#last
    slot.stale = false
    readSync(slot.file, scratch, 0, 1, 0)
    return slot.token
  }

  /** The number of the fence that a record on `wd` answers, 0 when it is none. Fences with smaller numbers were lost. */
  arrived(wd: number): number {
    const token = this.#slots.find((candidate) => candidate.wd === wd)?.token ?? 0
    for (const slot of this.#slots) if (slot.token <= token) slot.token = 0
    return token
  }

  /** An overflow record was read: what was under way at the one before can no longer come. */
  overflowed(): void {
    for (const [index, slot] of this.#slots.entries()) {
      if (slot.stale) this.#slots[index] = this.#renewed(slot)
      slot.stale = slot.token !== 0
    }
  }

  close(): void {
    for (const slot of this.#slots) closeSlot(slot)
    this.#slots.length = 0
  }

  /**
   * Overflows that had been read before a fence was posted can have it given up while its answer is still on its way.
   * That must not be taken for the answer to the next one: so that one gets a watch of its own.
   */
  #renewed(slot: Slot): Slot {
    slot.token = 0
    const next = orNone(() => openSlot(this.#watches))
    if (typeof next !== 'object') return slot
    this.#watches.remove(slot.wd)
    closeSlot(slot)
    return next
  }
}

const scratch = Buffer.alloc(1)

/** Without a descriptor that is free there is none. */
function orNone<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch {
    return undefined
  }
}

/** A slot or -errno. */
function openSlot(watches: FenceWatches): Slot | number {
  const { file, keeper } = openPrivateFile()
  const wd = watches.add(`/proc/self/fd/${file}`, IN.ACCESS)
  const slot = { wd, keeper, file, token: 0, last: 0, stale: false }
  if (wd > 0) return slot
  closeSlot(slot)
  return wd
}

function closeSlot({ file, keeper }: Slot): void {
  closeSync(file)
  if (keeper !== undefined) closeSync(keeper)
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
