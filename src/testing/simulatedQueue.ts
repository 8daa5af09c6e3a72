import { FENCE_WD, type InotifyRecord } from '../watching/port.js'
import { INOTIFY } from './simulatedNotify.js'

/** The event queue of one inotify instance. */
export class SimulatedQueue {
  readonly #limit: number
  #records: InotifyRecord[] = []
  /** Records before this index have been read. */
  #head = 0
  #overflowQueued = false

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#records.length - this.#head
  }

  /**
   * Full: one overflow record takes the place of all that is lost until it is read. Otherwise the record is
   * merged into the last one when they are alike. The kernel does not compare the cookies. Fences are never
   * merged: on a real kernel those that are under way at the same time are reads of different files.
   */
  push(record: InotifyRecord): void {
    if (this.length >= this.#limit) {
      if (this.#overflowQueued) return
      this.#overflowQueued = true
      this.#records.push({ wd: -1, mask: INOTIFY.Q_OVERFLOW, cookie: 0, name: '' })
      return
    }
    const last = this.length === 0 ? undefined : this.#records.at(-1)
    if (
      record.wd !== FENCE_WD &&
      last?.wd === record.wd &&
      last.mask === record.mask &&
      last.name === record.name
    ) {
      return
    }
    this.#records.push(record)
  }

  read(most: number): InotifyRecord[] {
    const end = Math.min(this.#records.length, this.#head + most)
    const records = this.#records.slice(this.#head, end)
    if (records.some(({ mask }) => mask === INOTIFY.Q_OVERFLOW)) this.#overflowQueued = false
    this.#head = end
    if (this.#head === this.#records.length) {
      this.#records = []
      this.#head = 0
    } else if (this.#head > 4096) {
      this.#records.splice(0, this.#head)
      this.#head = 0
    }
    return records
  }

  clear(): void {
    this.read(Infinity)
  }
}
