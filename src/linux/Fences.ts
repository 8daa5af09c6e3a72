import { closeSync, openSync, readSync } from 'node:fs'
import { IN } from './inotifyMasks.js'

interface Slot {
  readonly wd: number
  readonly keeper: number
  readonly file: number
  /** The number of the fence that is under way here, 0 when there is none. */
  token: number
  /** An overflow has been seen since: the answer is either on its way before the next one, or lost. */
  stale: boolean
}

// One for crawling and one for stopping can be under way, and an overflow can leave as many lost ones behind.
const SLOTS = 4

/**
 * Marks positions in an inotify queue, by reading a byte from a file that nobody else reads: the kernel queues
 * IN_ACCESS behind all that is queued. The file is /proc/self/fdinfo of a descriptor opened for it, an inode of
 * its own; reading changes nothing and needs no right. Identical records that follow each other are merged by
 * the kernel, so each slot has at most one fence under way.
 */
export class Fences {
  readonly #slots: Slot[] = []
  #last = 0
  #lastWd = 0

  /** `addWatch` returns a watch descriptor or -errno. Fences come before all other watches. */
  constructor(addWatch: (path: string, mask: number) => number, failed: (errno: number) => Error) {
    try {
      for (let i = 0; i < SLOTS; i++) this.#slots.push(openSlot(addWatch, failed))
    } catch (error) {
      this.close()
      throw error
    }
    this.#lastWd = this.#slots[SLOTS - 1]!.wd
  }

  /** Watch descriptors up to this one are fences. */
  get lastWd(): number {
    return this.#lastWd
  }

  /** Queues a fence and returns its number; numbers rise. */
  post(): number {
    const slot = this.#slots.find((candidate) => candidate.token === 0)
    if (slot === undefined) throw new Error('every fence is under way')
    slot.token = ++this.#last
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
      closeSync(slot.keeper)
    }
    this.#slots.length = 0
  }
}

const scratch = Buffer.alloc(1)

function openSlot(addWatch: (path: string, mask: number) => number, failed: (errno: number) => Error): Slot {
  const keeper = openSync('/dev/null', 'r')
  let file: number | undefined
  try {
    file = openSync(`/proc/self/fdinfo/${keeper}`, 'r')
    const wd = addWatch(`/proc/self/fd/${file}`, IN.ACCESS)
    if (wd < 0) throw failed(-wd)
    return { wd, keeper, file, token: 0, stale: false }
  } catch (error) {
    if (file !== undefined) closeSync(file)
    closeSync(keeper)
    throw error
  }
}
