import { IN } from '../linux/inotifyMasks.js'
import { FENCE_WD, type InotifyRecord } from './port.js'

// Both halves of a rename are queued within one system call: only another processor can put a record between.
export const PAIR_REACH = 64

const ENTRY_CHANGES = IN.CREATE | IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO

/** What is known of a rename beyond its first half; indices are -1 for what was not seen. */
export interface RestOfMove {
  readonly to: number
  readonly self: number
  /** True when no more of it will come. */
  readonly complete: boolean
}

/** The records that have been read and not yet applied, with their times; they can be looked at ahead of time. */
export class RecordQueue {
  #records: (InotifyRecord | undefined)[] = []
  #head = 0
  // When the record at the head was read, and how far that read goes; then the reads behind it.
  #time = 0
  #readEnd = 0
  #reads: { end: number; readonly readAt: number }[] = []
  #searched = 0
  #searchedFor = 0

  get head(): number {
    return this.#head
  }

  /** When the record at the head was read. */
  get headTime(): number {
    return this.#time
  }

  get isEmpty(): boolean {
    return this.#head >= this.#records.length
  }

  push(records: InotifyRecord[], readAt: number): void {
    if (this.isEmpty) {
      this.#records = records
      this.#time = readAt
      this.#readEnd = records.length
      this.#reads = []
      this.#head = 0
      this.#searched = 0
    } else {
      for (const record of records) this.#records.push(record)
      this.#reads.push({ end: this.#records.length, readAt })
    }
  }

  at(index: number): InotifyRecord | undefined {
    return this.#records[index]
  }

  /** Goes on to the next record. */
  advance(): void {
    this.#head++
    if (this.#head >= this.#readEnd) this.#beginRead()
    if (this.#head > 4096 && this.#head * 2 > this.#records.length) {
      this.#records.splice(0, this.#head)
      for (const read of this.#reads) read.end -= this.#head
      this.#readEnd -= this.#head
      this.#head = 0
      this.#searched = 0
    }
  }

  #beginRead(): void {
    const next = this.#reads.shift()
    if (next === undefined) return
    this.#time = next.readAt
    this.#readEnd = next.end
  }

  /** Takes out a record that was applied ahead of its turn. */
  consume(index: number): void {
    this.#records[index] = undefined
  }

  /** Puts the record at the head once more behind another one: it is applied then. */
  delay(index: number): void {
    this.#records.splice(index + 1, 0, this.#records[this.#head])
    for (const read of this.#reads) if (read.end > index) read.end++
    if (this.#readEnd > index) this.#readEnd++
    this.#searched = 0
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

  /**
   * Looks for the rest of the rename whose MOVED_FROM is at the head: its MOVED_TO, and MOVE_SELF on one of
   * the watches in `wds`. A directory stays locked until all records of a rename in it are queued: so the next
   * entry that comes or goes in the same one proves that there is no more, as does a lost watch or an overflow.
   */
  lookAhead(from: InotifyRecord, wds: readonly number[]): RestOfMove {
    let to = -1
    const end = wds.length > 0 ? this.#records.length : this.#head + PAIR_REACH
    for (let i = this.#head + 1; i < end; i++) {
      if (i >= this.#records.length) return { to, self: -1, complete: false }
      const record = this.#records[i]
      if (record === undefined) continue
      const { mask } = record
      if ((mask & IN.MOVED_TO) !== 0 && record.cookie === from.cookie) {
        to = i
        if (wds.length === 0) return { to, self: -1, complete: true }
      } else if ((mask & (IN.MOVE_SELF | IN.IGNORED)) !== 0 && wds.includes(record.wd)) {
        return { to, self: (mask & IN.MOVE_SELF) !== 0 ? i : -1, complete: true }
      } else if ((mask & IN.Q_OVERFLOW) !== 0 || (record.wd === from.wd && (mask & ENTRY_CHANGES) !== 0)) {
        return { to, self: -1, complete: true }
      }
    }
    return { to, self: -1, complete: wds.length === 0 }
  }
}
