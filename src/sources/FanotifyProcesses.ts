import type { EventProcess } from '../events/index.js'
import { FAN } from '../linux/fanotify/fanotifyMasks.js'
import type { HandleRecord } from '../linux/fanotify/HandleRecord.js'
import type { ProcessTracker } from '../linux/processes/openProcessTracker.js'

const DIRECTORY_MOVES = FAN.RENAME | FAN.ONDIR

export interface FanotifyProcessesHost {
  /** True for a record of which something may be told: the others cost nothing. */
  concerns(record: HandleRecord): boolean
  /** True for a record of a filesystem that is watched for its own sake. */
  isWatched(record: HandleRecord): boolean
}

/** Finds out who did what the records tell, as soon as they are read: later a process may be another program. */
export class FanotifyProcesses {
  readonly #tracker: ProcessTracker
  readonly #host: FanotifyProcessesHost
  readonly #tellsExecs: boolean

  /** `tellsExecs`: that files are opened to be executed is told, and not only asked for to follow processes. */
  constructor(tracker: ProcessTracker, host: FanotifyProcessesHost, tellsExecs: boolean) {
    this.#tracker = tracker
    this.#host = host
    this.#tellsExecs = tellsExecs
  }

  /** Notes in each record who did it, and leaves out what was only read for that. */
  attribute(records: HandleRecord[], readAt: number): void {
    this.#identify(records, readAt)
    let kept = 0
    for (const record of records) {
      const isExec = (record.mask & FAN.OPEN_EXEC) !== 0
      const told = isExec ? this.#withoutExec(record) : record
      if (told !== undefined) records[kept++] = told
    }
    records.length = kept
  }

  #withoutExec(record: HandleRecord): HandleRecord | undefined {
    if (!this.#host.isWatched(record)) return undefined
    if (this.#tellsExecs) return record
    const mask = record.mask & ~FAN.OPEN_EXEC
    return (mask & ~FAN.ONDIR) === 0 ? undefined : { ...record, mask }
  }

  #identify(records: readonly HandleRecord[], readAt: number): void {
    const found = new Map<number, EventProcess | undefined>()
    let areAllOfConcern = false
    for (const record of records) {
      const { mask, pid } = record
      if (record.fence > 0 || pid <= 0) continue
      if ((mask & FAN.OPEN_EXEC) !== 0) {
        this.#tracker.opens(record, readAt)
        found.delete(pid)
      }
      if (!areAllOfConcern && !this.#host.concerns(record)) continue
      // What was of no concern may lie in a directory that comes into view.
      if ((mask & DIRECTORY_MOVES) === DIRECTORY_MOVES) areAllOfConcern = true
      if (!found.has(pid)) found.set(pid, this.#tracker.identify(pid, readAt))
      record.process = found.get(pid)
    }
  }
}
