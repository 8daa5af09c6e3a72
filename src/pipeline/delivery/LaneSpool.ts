import type { FileEvent } from '../../events/index.js'
import type { LaneQueue } from './LaneQueue.js'
import type { Spool, SpooledBatch, SpoolPlace } from './Spool.js'

export interface LaneSpoolListener {
  /** Events could not be put on disk; they are in the queue again, or are kept in memory. */
  onFull(error: unknown): void
  /** Events that were on their way have arrived on disk. */
  onMoved(): void
  /** True while what waits in memory is to go to disk at once. */
  isHurried(): boolean
}

/** Events of one run with the place in the spool that is kept for them. */
export interface HeldBatch {
  readonly events: readonly FileEvent[]
  readonly place: SpoolPlace
}

/** Events in one transaction. */
const CHUNK = 8192
/** Milliseconds until the next attempt to put events on a disk that took none. */
const PAUSE = 1000

/** Takes events from the queue of a lane to its spool, one transaction after the other. */
export class LaneSpool {
  readonly #spool: Spool
  readonly #queue: LaneQueue
  readonly #run: string
  readonly #listener: LaneSpoolListener
  #moving = 0
  #work: Promise<void> | undefined
  #taking: Promise<void> | undefined
  #isSpilling = false
  #isScheduled = false
  #notBefore = 0
  #held: HeldBatch | undefined

  constructor(spool: Spool, queue: LaneQueue, run: string, listener: LaneSpoolListener) {
    this.#spool = spool
    this.#queue = queue
    this.#run = run
    this.#listener = listener
  }

  /** Events that are neither in the queue nor on disk. */
  get moving(): number {
    return this.#moving
  }

  /** Puts all that is in the queue on disk; false when that cannot be begun now. */
  start(): boolean {
    if (this.#isSpilling || this.#queue.isEmpty || performance.now() < this.#notBefore) return false
    const events = this.#queue.take(Infinity)
    this.#isSpilling = true
    this.#moving += events.length
    void this.#add(() => this.#spill(events))
    return true
  }

  /** The same, when it is to be done at once: after what comes in one go has come. */
  hurry(): void {
    if (this.#isScheduled || !this.#listener.isHurried()) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      if (this.#listener.isHurried()) this.start()
    })
  }

  /** Puts a batch of this run on disk, to the place that was kept for it. */
  take(events: readonly FileEvent[], place: SpoolPlace): void {
    if (events.length === 0) return
    this.#moving += events.length
    this.#taking = this.#add(() => this.#putBack({ events, place }))
  }

  /** A batch that the disk did not take. */
  held(): HeldBatch | undefined {
    const held = this.#held
    this.#held = undefined
    this.#moving -= held?.events.length ?? 0
    return held
  }

  /** The first events on disk; `undefined` when there are none, nor any on their way, or when one is held. */
  async next(most: number): Promise<SpooledBatch | undefined> {
    // It is older than all on disk.
    await this.#taking
    if (this.#held !== undefined) return undefined
    while (this.#spool.count === 0 && this.#work !== undefined) await this.#work
    return this.#spool.count === 0 ? undefined : this.#spool.read(most)
  }

  /** Puts on disk what it can of all that is in memory. */
  async keepAll(): Promise<void> {
    await this.#settled()
    const held = this.held()
    if (held !== undefined) this.take(held.events, held.place)
    this.#notBefore = 0
    this.start()
    await this.#settled()
  }

  /** How many events are neither on disk nor in the queue, and are forgotten. */
  forget(): number {
    const forgotten = this.#moving
    this.#moving = 0
    this.#held = undefined
    return forgotten
  }

  async #settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work
  }

  #add(work: () => Promise<void>): Promise<void> {
    const added: Promise<void> = (this.#work ?? Promise.resolve()).then(work).finally(() => {
      if (this.#work === added) this.#work = undefined
    })
    this.#work = added
    return added
  }

  async #spill(events: readonly FileEvent[]): Promise<void> {
    for (let at = 0; at < events.length; at += CHUNK) {
      const part = events.slice(at, at + CHUNK)
      try {
        await this.#spool.put(part, this.#run)
        this.#moving -= part.length
      } catch (error) {
        this.#moving -= events.length - at
        this.#queue.putFront(events.slice(at))
        this.#failed(error)
        break
      }
    }
    this.#isSpilling = false
    this.#listener.onMoved()
    this.hurry()
  }

  async #putBack(batch: HeldBatch): Promise<void> {
    try {
      await this.#spool.put(batch.events, this.#run, batch.place)
      this.#moving -= batch.events.length
      this.#listener.onMoved()
    } catch (error) {
      this.#held = batch
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#notBefore = performance.now() + PAUSE
    this.#listener.onFull(error)
  }
}
