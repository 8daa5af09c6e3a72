import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'

const NAME_CHANGES = FAN.CREATE | FAN.DELETE | FAN.RENAME

/** What a record told of a name. */
export interface ForgottenName {
  readonly directory: string
  readonly name: string
  readonly target: string
}

/** The records that have been read and not yet applied, with their times; they can be looked at ahead of time. */
export class HandleQueue {
  #records: HandleRecord[] = []
  #times: number[] = []
  #head = 0
  #searched = 0
  #searchedFor = 0

  get head(): number {
    return this.#head
  }

  get end(): number {
    return this.#records.length
  }

  get isEmpty(): boolean {
    return this.#head >= this.#records.length
  }

  push(records: HandleRecord[], readAt: number): void {
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

  at(index: number): HandleRecord | undefined {
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

  /** Makes a record that was read the next one. */
  bringForward(record: HandleRecord): void {
    const index = this.#records.indexOf(record, this.#head)
    this.#records.splice(index, 1)
    this.#records.splice(this.#head, 0, record)
  }

  /** Where the answer to a fence stands; -1 when it has not been read. */
  findFence(fence: number): number {
    // Asked again after each batch until it is there: what was searched before is not searched again.
    if (fence !== this.#searchedFor) this.#searched = 0
    this.#searchedFor = fence
    for (let i = Math.max(this.#head, this.#searched); i < this.#records.length; i++) {
      if (this.#records[i]!.fence >= fence) return i
    }
    this.#searched = this.#records.length
    return -1
  }

  /**
   * Takes out which names came and went in directories by records before a fence: what they tell is of marks that were
   * taken away since. Returns the names of all such records; what became of them has to be looked at, since later
   * records may have been merged into these.
   */
  forgetBefore(fence: number, directories: ReadonlySet<string>): ForgottenName[] {
    const forgotten: ForgottenName[] = []
    const end = this.findFence(fence)
    for (let i = this.#head; i < end; i++) {
      const record = this.#records[i]!
      const { mask, target, directory, name, oldDirectory, oldName } = record
      // Of the directory itself: that is so still.
      if (mask === 0 || name === '.') continue
      if (directories.has(directory)) forgotten.push({ directory, name, target })
      if (directories.has(oldDirectory)) forgotten.push({ directory: oldDirectory, name: oldName, target })
      this.#records[i] = without(record, directories)
    }
    return forgotten
  }

  /** The next record in which a name comes or goes. */
  nextOf(directory: string, name: string): HandleRecord | undefined {
    return this.#find(this.#head, this.#records.length, directory, name)
  }

  /** The first record after the head, of the next `reach`, in which a name comes or goes. */
  nextOfName(reach: number, directory: string, name: string): HandleRecord | undefined {
    const from = this.#head + 1
    return this.#find(from, Math.min(from + reach, this.#records.length), directory, name)
  }

  #find(from: number, end: number, directory: string, name: string): HandleRecord | undefined {
    for (let i = from; i < end; i++) {
      const record = this.#records[i]!
      if (isOfName(record, directory, name)) return record
    }
    return undefined
  }
}

function isOfName(record: HandleRecord, directory: string, name: string): boolean {
  if ((record.mask & NAME_CHANGES) === 0) return false
  return (
    (record.name === name && record.directory === directory) ||
    (record.oldName === name && record.oldDirectory === directory)
  )
}

/** What a record tells of other directories. */
function without(record: HandleRecord, directories: ReadonlySet<string>): HandleRecord {
  const { mask } = record
  const isNew = directories.has(record.directory)
  const isOld = directories.has(record.oldDirectory)
  if (!isNew && !isOld) return record
  if ((mask & FAN.RENAME) === 0) return { ...record, mask: mask & ~NAME_CHANGES }
  return {
    ...record,
    directory: isNew ? '' : record.directory,
    oldDirectory: isOld ? '' : record.oldDirectory,
  }
}
