import { IN } from '../linux/inotifyMasks.js'
import { FENCE_WD, type InotifyRecord } from './port.js'

// Both halves of a rename are queued within one system call: only another processor can put a record between.
const PAIR_REACH = 64

/** The records that have been read and not yet applied, with their times; they can be looked at ahead of time. */
export class RecordQueue {
  #records: (InotifyRecord | undefined)[] = []
  #times: number[] = []
  #head = 0
  #searched = 0
  #searchedFor = 0

  get length(): number {
    return this.#records.length
  }

  get head(): number {
    return this.#head
  }

  get isEmpty(): boolean {
    return this.#head >= this.#records.length
  }

  push(records: InotifyRecord[], readAt: number): void {
    if (this.isEmpty) {
      this.#records = records
      this.#times.length = 0
      this.#head = 0
      this.#searched = 0
    } else {
      for (const record of records) this.#records.push(record)
    }
    for (let i = this.#times.length; i < this.#records.length; i++) this.#times.push(readAt)
  }

  at(index: number): InotifyRecord | undefined {
    return this.#records[index]
  }

  timeAt(index: number): number {
    return this.#times[index]!
  }

  /** Goes on to the next record. */
  advance(): void {
    this.#head++
    if (this.#head > 4096 && this.#head * 2 > this.#records.length) {
      this.#records.splice(0, this.#head)
      this.#times.splice(0, this.#head)
      this.#head = 0
      this.#searched = 0
    }
  }

  /** Takes out a record that was applied ahead of its turn. */
  consume(index: number): void {
    this.#records[index] = undefined
  }

  /** Where the answer to a fence stands, or the overflow that may have swallowed it; -1 when neither is there. */
  findFence(token: number): number {
    // Asked again after each batch until it is there: what was searched before is not searched again.
    if (token !== this.#searchedFor) this.#searched = 0
    this.#searchedFor = token
    for (let i = Math.max(this.#head, this.#searched); i < this.#records.length; i++) {
      const record = this.#records[i]
      if (record === undefined) continue
      if (record.wd === FENCE_WD && record.cookie >= token) return i
      if ((record.mask & IN.Q_OVERFLOW) !== 0) return i
    }
    this.#searched = this.#records.length
    return -1
  }

  /** Where the second half of a rename stands. Without `far` only as far as another processor may push it. */
  findMovedTo(cookie: number, far: boolean): number {
    const end = far ? this.#records.length : Math.min(this.#records.length, this.#head + PAIR_REACH)
    for (let i = this.#head + 1; i < end; i++) {
      const record = this.#records[i]
      if (record !== undefined && record.cookie === cookie && (record.mask & IN.MOVED_TO) !== 0) return i
    }
    return -1
  }

  /** The first record behind the head that ends the wait for a moved directory with one of these watches. */
  findEndOfMove(wds: readonly number[]): number {
    for (let i = this.#head + 1; i < this.#records.length; i++) {
      const record = this.#records[i]
      if (record === undefined) continue
      if ((record.mask & IN.Q_OVERFLOW) !== 0) return i
      if ((record.mask & (IN.MOVE_SELF | IN.IGNORED)) !== 0 && wds.includes(record.wd)) return i
    }
    return -1
  }
}
