import type { FileEvent } from '../../events/index.js'
import type { LaneQueue } from './LaneQueue.js'
import type { LaneSpool } from './LaneSpool.js'
import type { Spool, SpooledBatch, SpoolPlace } from './Spool.js'

/** Events that are being written. */
export interface Batch {
  /** The id of the run that they are of. */
  readonly run: string
  events: readonly FileEvent[]
  /** Where it came from: the spool, or memory, where a place in the spool is kept for it. */
  readonly from: SpooledBatch | SpoolPlace
}

/** Takes what is to be written from the spool and the queue of a lane, oldest first, and holds it until it is written. */
export class LaneBatch {
  readonly #run: string
  readonly #queue: LaneQueue
  readonly #store: Spool | undefined
  readonly #spool: LaneSpool | undefined
  #batch: Batch | undefined

  constructor(run: string, queue: LaneQueue, store: Spool | undefined, spool: LaneSpool | undefined) {
    this.#run = run
    this.#queue = queue
    this.#store = store
    this.#spool = spool
  }

  /** Events that are being written and are not on disk. */
  get inMemory(): number {
    return this.#batch === undefined || typeof this.#batch.from !== 'number' ? 0 : this.#batch.events.length
  }

  /** False once it was put on disk or forgotten. */
  holds(batch: Batch): boolean {
    return this.#batch === batch
  }

  /**
   * The oldest events, not many more than `most`: those on disk, then those in memory. `isWanted` is asked once they are
   * found.
   */
  async next(most: number, isWanted: () => boolean): Promise<Batch | undefined> {
    const spooled = this.#spool && (await this.#spool.next(most))
    if (!isWanted()) return undefined
    const run = this.#run
    const held = spooled === undefined ? this.#spool?.held() : undefined
    if (spooled !== undefined) this.#batch = { run: spooled.run, events: spooled.events, from: spooled }
    else if (held !== undefined) this.#batch = { run, events: held.events, from: held.place }
    else if (this.#queue.isEmpty) return undefined
    else this.#batch = { run, events: this.#queue.take(most), from: this.#store?.place() ?? 0 }
    return this.#batch
  }

  /** So many events of it were written. */
  async written(batch: Batch, count: number): Promise<void> {
    batch.events = batch.events.slice(count)
    if (typeof batch.from !== 'number') await this.#store!.remove(batch.from, count)
  }

  /** Puts it on disk, as far as it is not there. */
  keep(): void {
    const batch = this.#batch
    this.#batch = undefined
    if (batch !== undefined && typeof batch.from === 'number') this.#spool!.take(batch.events, batch.from)
  }

  forget(): void {
    this.#batch = undefined
  }
}
