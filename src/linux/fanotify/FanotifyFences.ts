import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { FAN } from './fanotifyMasks.js'
import { libc } from '../libc.js'
import type { HandleKey } from './HandleRecord.js'

interface Slot {
  readonly file: number
  readonly key: HandleKey
  /** The number of the fence that is under way here, 0 when there is none. */
  token: number
}

// One for what holds up the records, one for a check beside it, one for stopping; and one to spare.
const SLOTS = 4
const MFD_CLOEXEC = 1
const scratch = Buffer.alloc(1)

/** Marks the file of a descriptor for `mask` and returns its key. */
export type MarkFile = (fd: number, mask: number) => HandleKey

/**
 * Marks positions in a fanotify queue, by reading a byte from a file in memory that nobody else can open: the
 * kernel queues FAN_ACCESS behind all that is queued. Equal records that are unread are merged into the first, so
 * each slot has at most one fence under way.
 */
export class FanotifyFences {
  readonly #slots: Slot[] = []
  #last = 0

  constructor(mark: MarkFile) {
    try {
      for (let i = 0; i < SLOTS; i++) this.#slots.push(openSlot(mark))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Queues a fence and returns its number; numbers rise. */
  post(): number {
    const slot = this.#slots.find((candidate) => candidate.token === 0)
    if (slot === undefined) throw new Error('every fence is under way')
    slot.token = ++this.#last
    readSync(slot.file, scratch, 0, 1, 0)
    return slot.token
  }

  /** The number of the fence that a record of this target answers; 0 when it is about something else. */
  arrived(target: HandleKey): number {
    for (const slot of this.#slots) {
      if (slot.key !== target) continue
      const { token } = slot
      slot.token = 0
      return token
    }
    return 0
  }

  close(): void {
    for (const { file } of this.#slots) closeSync(file)
    this.#slots.length = 0
  }
}

function openSlot(mark: MarkFile): Slot {
  const file = openMemoryFile()
  try {
    return { file, key: mark(file, FAN.ACCESS), token: 0 }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function openMemoryFile(): number {
  const c = libc()
  const fd = c.memfdCreate('fsflow-fence', MFD_CLOEXEC)
  if (fd < 0) throw new Error('memfd_create failed')
  try {
    writeSync(fd, scratch)
    // The kernel queues no records for what is done by the first descriptor of such a file.
    return openSync(`/proc/self/fd/${fd}`, 'r')
  } finally {
    c.close(fd)
  }
}
