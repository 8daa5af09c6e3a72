import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import type { HandleQueue } from './HandleQueue.js'

// Both halves of an exchange are queued within one system call: only another processor can put a record between.
const PAIR_REACH = 64

/** Finds the other half of an exchange, which the kernel tells as two renames. */
export class RenamePairs {
  readonly #queue: HandleQueue

  constructor(queue: HandleQueue) {
    this.#queue = queue
  }

  /** True for the rename of something to a name that is seen. */
  static mayBePaired({ mask, directory }: HandleRecord): boolean {
    return (mask & FAN.RENAME) !== 0 && directory !== ''
  }

  /** True when the other half of the next record may not have been read yet. */
  mayComeYet({ directory, name }: HandleRecord): boolean {
    const { head, end } = this.#queue
    return end - head <= PAIR_REACH && this.#queue.nextOfName(PAIR_REACH, directory, name) === undefined
  }

  /**
   * Of an exchange of which only one side is reported, what had the name has to leave it first. True when that has
   * been made the next record.
   */
  putFirst(record: HandleRecord): boolean {
    if (isWholeRename(record)) return false
    const next = this.#queue.nextOfName(PAIR_REACH, record.directory, record.name)
    if (next === undefined || !isOtherLeaving(next, record)) return false
    this.#queue.bringForward(next)
    return true
  }

  /** The other half of an exchange: a rename the other way of something else, which had the name until now. */
  partner(record: HandleRecord): HandleRecord | undefined {
    if (!isWholeRename(record)) return undefined
    const next = this.#queue.nextOfName(PAIR_REACH, record.directory, record.name)
    const isReverse =
      next !== undefined &&
      (next.mask & FAN.RENAME) !== 0 &&
      next.target !== record.target &&
      next.oldDirectory === record.directory &&
      next.oldName === record.name &&
      next.directory === record.oldDirectory &&
      next.name === record.oldName
    return isReverse ? next : undefined
  }
}

/** True when something else leaves the name to which `record` has brought something. */
function isOtherLeaving(
  { mask, target, directory, oldDirectory, oldName }: HandleRecord,
  record: HandleRecord,
) {
  const isLeaving = (mask & FAN.RENAME) !== 0 && directory === ''
  return isLeaving && target !== record.target && oldDirectory === record.directory && oldName === record.name
}

/** False for one of which only one side is reported. */
function isWholeRename({ mask, directory, oldDirectory }: HandleRecord): boolean {
  return (mask & FAN.RENAME) !== 0 && directory !== '' && oldDirectory !== ''
}
