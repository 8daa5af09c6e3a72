import type { Issue, SinkWriter } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import { messageOf } from '../errors/messageOf.js'
import type { FileEvent } from '../events/index.js'
import { Circuit, type CircuitState } from './delivery/Circuit.js'
import type { Delivery } from './delivery/deliveryOf.js'
import { LaneQueue } from './delivery/LaneQueue.js'
import { LaneSpool } from './delivery/LaneSpool.js'
import type { Spool, SpooledBatch, SpoolPlace } from './delivery/Spool.js'

/** The most events that a sink gets in one call of `write`: a sink that is behind catches up faster with many. */
export const batchSize = 8192

/**
 * `open`: it takes events; `failed`, `gone`, `late`: it takes none; `spooled`: it has ended, and what it did not take
 * waits on disk; `closed`: all was written.
 */
export type LaneState = 'open' | 'failed' | 'gone' | 'late' | 'spooled' | 'closed'

export interface LaneSettings extends Pick<Delivery, 'whenFull' | 'queue' | 'retry'> {
  /** The id of this run. */
  readonly run: string
  readonly spool?: Spool | undefined
  /** Whether the run is to end when the spool takes no more. Default false. */
  readonly spoolFails?: boolean
}

export interface LaneListener {
  report(issue: Issue): void
  /** The lane has left the state `open` before it was asked to finish. */
  onEnd(lane: SinkLane): void
  /** The run is to end, for the lane is full and must not lose anything; what waits is still written. */
  onFull(error: FsflowError): void
}

/** Events that are being written. */
interface Batch {
  readonly run: string
  events: readonly FileEvent[]
  /** Where it came from: the spool, or memory, where a place in the spool is kept for it. */
  readonly from: SpooledBatch | SpoolPlace
}

/**
 * One sink with a bounded queue of its own, so that a slow or broken sink delays nobody.
 *
 * What becomes of events when the queue is full is declared by `whenFull`; a `WARNING` event stands in the place of
 * those that were dropped. At any time `received + resumed = delivered + dropped + spooled + queued`, unless the
 * destination has gone away in an orderly manner.
 */
export class SinkLane {
  readonly name: string
  delivered = 0
  /** Events that did not reach the sink and are not kept. */
  dropped = 0
  error: unknown
  readonly #writer: SinkWriter
  readonly #settings: LaneSettings
  readonly #listener: LaneListener
  readonly #queue = new LaneQueue()
  readonly #circuit: Circuit
  readonly #spool: LaneSpool | undefined
  #state: LaneState = 'open'
  #pushed = 0
  #batch: Batch | undefined
  #pumping: Promise<void> | undefined
  #isDropping = false
  /** Told that it is full, with `whenFull: 'fail'`. */
  #isRefusing = false
  #isEnding = false
  /** Given up, and about to put on disk what waits. */
  #isLeaving = false
  #isSpoolFull = false
  #isWaitTold = false
  #wake: () => void = () => undefined
  #waiting: (() => void)[] = []

  constructor(name: string, writer: SinkWriter, settings: LaneSettings, listener: LaneListener) {
    this.name = name
    this.#writer = writer
    this.#settings = settings
    this.#listener = listener
    this.#circuit = new Circuit(settings.retry)
    const { spool, run } = settings
    if (spool !== undefined) {
      this.#spool = new LaneSpool(spool, this.#queue, run, {
        onFull: (error) => this.#spoolFull(error),
        isHurried: () => this.#circuit.state !== 'closed' || this.#state === 'failed',
      })
      if (spool.count > 0) this.#pump()
    }
    void writer.gone?.then(() => {
      if (this.#state === 'open') this.#leave('gone')
    })
  }

  get state(): LaneState {
    return this.#state
  }

  /** Events that came, those included that tell of dropped ones. */
  get received(): number {
    return this.#pushed + this.#queue.warnings
  }

  /** Events that were on disk when it began. */
  get resumed(): number {
    return this.#settings.spool?.resumed ?? 0
  }

  /** Events on disk. */
  get spooled(): number {
    return this.#settings.spool?.count ?? 0
  }

  /** Events in memory that wait or are being written. */
  get pending(): number {
    return this.#queue.length + (this.#spool?.moving ?? 0) + this.#inFlight
  }

  get retries(): number {
    return this.#circuit.retries
  }

  get circuit(): CircuitState {
    return this.#circuit.state
  }

  /** `undefined` when half of the queue is free or the lane takes no more events, else what resolves when it is so. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  push(event: FileEvent): void {
    if (this.#state === 'gone') return
    this.#pushed++
    if (!this.#takesEvents()) {
      this.dropped++
      return
    }
    if (this.#queue.length >= this.#settings.queue && !event.isControl && !this.#makeRoom(event)) return
    this.#queue.push(event)
    if (this.#isDropping && this.#queue.length <= this.#settings.queue / 2) this.#isDropping = false
    this.#spool?.hurry()
    this.#pump()
  }

  /** Writes what waits, then closes the sink; what the sink does not take stays on disk. Never rejects. */
  async finish(): Promise<void> {
    this.#isEnding = true
    // Whoever has failed again and again is not waited for.
    if (this.#circuit.state !== 'closed') this.#wake()
    if (!this.#queue.isEmpty) this.#pump()
    while (this.#pumping !== undefined) await this.#pumping
    if (this.#isGivenUp()) return
    if (this.#state !== 'gone') await this.#spool?.keepAll()
    if (this.#isGivenUp()) return
    this.#drop()
    await this.#close()
    await this.#settings.spool?.close()
    this.#tellRoom()
  }

  /** Gives the sink up: what waits goes to disk where there is a spool, and is dropped otherwise. Never rejects. */
  async abandon(): Promise<void> {
    if (this.#isOver() || this.#state === 'gone') return
    const spool = this.#spool
    if (spool === undefined) {
      this.#giveUp()
      return
    }
    this.#isEnding = true
    this.#isLeaving = true
    this.#keepBatch(spool)
    this.#wake()
    await spool.keepAll()
    if (this.#isOver()) return
    this.#giveUp()
    await this.#settings.spool?.close()
  }

  /** Gives up without another look at the disk. */
  giveUp(): void {
    if (!this.#isOver()) this.#giveUp()
  }

  /** Events that are being written and are not on disk. */
  get #inFlight(): number {
    return this.#batch === undefined || typeof this.#batch.from !== 'number' ? 0 : this.#batch.events.length
  }

  /** Puts on disk what is being written. */
  #keepBatch(spool: LaneSpool): void {
    const batch = this.#batch
    this.#batch = undefined
    if (batch !== undefined && typeof batch.from === 'number') spool.take(batch.events, batch.from)
  }

  #isGivenUp(): boolean {
    return this.#isLeaving || this.#isOver()
  }

  #isOver(): boolean {
    return this.#state === 'late' || this.#state === 'spooled' || this.#state === 'closed'
  }

  #takesEvents(): boolean {
    if (this.#isRefusing) return false
    return this.#state === 'open' || (this.#state === 'failed' && this.#spool !== undefined)
  }

  #hasRoom(): boolean {
    return this.#state !== 'open' || this.pending <= this.#settings.queue / 2
  }

  #tellRoom(): void {
    if (this.#waiting.length === 0 || !this.#hasRoom()) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** False when the event is not to be queued. */
  #makeRoom(event: FileEvent): boolean {
    const { whenFull, queue } = this.#settings
    if (whenFull === 'fail') {
      this.dropped++
      this.#refuse(
        `${queue} events wait for it`,
        'Narrow the pipeline, raise the queue of the sink, or let it spill.',
      )
      return false
    }
    if (this.#spool?.start() === true) return true
    if (!this.#isDropping) {
      this.#isDropping = true
      this.#report(
        'FSFLOW_EVENTS_DROPPED',
        `the sink ${this.name} is too slow: ${queue} events wait for it, and the oldest are dropped`,
        this.#spool === undefined ? 'Narrow the pipeline, or raise its queueSize.' : undefined,
      )
    }
    this.dropped++
    if (this.#queue.dropOldest()) return true
    this.#queue.drop(event)
    return false
  }

  #refuse(problem: string, hint: string, cause?: unknown): void {
    if (this.#isRefusing) return
    this.#isRefusing = true
    const message = `the sink ${this.name} is full: ${problem}`
    const error = new FsflowError({ code: 'FSFLOW_SINK_FULL', message, hint, cause })
    this.error = error
    this.#listener.onFull(error)
  }

  #spoolFull(error: unknown): void {
    const { spool, spoolFails = false, queue } = this.#settings
    const problem = `its spool ${spool!.path} takes no more: ${messageOf(error)}`
    const hint = 'Free space on the disk, or raise the size of the spool.'
    if (spoolFails) this.#refuse(problem, hint, error)
    else if (!this.#isSpoolFull) {
      this.#isSpoolFull = true
      this.#report(
        'FSFLOW_SPOOL',
        `the sink ${this.name}: ${problem}; what does not fit into memory is lost`,
        hint,
      )
    }
    while (this.#queue.length > queue && this.#queue.dropOldest()) this.dropped++
  }

  // Not at once, so that what the source emits in one go is written in one go.
  #pump(): void {
    if (this.#state !== 'open' || this.#isLeaving) return
    this.#pumping ??= Promise.resolve()
      .then(() => this.#writeAll())
      .catch((error: unknown) => {
        this.#fail(error)
        return false
      })
      .then((isDone) => {
        this.#pumping = undefined
        // It may have come since the last look.
        if (isDone && !this.#queue.isEmpty) this.#pump()
      })
  }

  /** True when all was written. */
  async #writeAll(): Promise<boolean> {
    for (;;) {
      const batch = await this.#next()
      if (batch === undefined) return true
      if (!(await this.#write(batch))) return false
      this.#batch = undefined
      this.#tellRoom()
    }
  }

  /** The oldest events: those on disk, then those in memory. */
  async #next(): Promise<Batch | undefined> {
    const spooled = this.#spool && (await this.#spool.next(batchSize))
    if (this.#state !== 'open' || this.#isLeaving) return undefined
    const { run, spool } = this.#settings
    const held = spooled === undefined ? this.#spool?.held() : undefined
    if (spooled !== undefined) this.#batch = { run: spooled.run, events: spooled.events, from: spooled }
    else if (held !== undefined) this.#batch = { run, events: held.events, from: held.place }
    else if (this.#queue.isEmpty) return undefined
    else this.#batch = { run, events: this.#queue.take(batchSize), from: spool?.place() ?? 0 }
    return this.#batch
  }

  /** Writes a batch, again and again where that is wanted; false when there is no more to be done. */
  async #write(batch: Batch): Promise<boolean> {
    while (batch.events.length > 0) {
      this.#circuit.attempt()
      // One event is enough to see whether the sink is back.
      const part = this.#circuit.state === 'closed' ? batch.events : batch.events.slice(0, 1)
      let failure: { readonly error: unknown; readonly lost: number } | undefined
      try {
        await this.#writer.write(part, batch.run)
        this.#circuit.succeeded()
      } catch (error) {
        failure = { error, lost: Math.min(part.length, lostIn(error, part.length)) }
      }
      if (this.#state !== 'open' || this.#batch !== batch) return false
      const written = part.length - (failure?.lost ?? 0)
      this.delivered += written
      batch.events = batch.events.slice(written)
      if (typeof batch.from !== 'number') {
        this.#isSpoolFull = false
        await this.#settings.spool!.remove(batch.from, written)
      }
      if (failure === undefined) this.#isWaitTold = false
      else if (!(await this.#retry(failure.error))) return false
      if (this.#batch !== batch) return true
    }
    return true
  }

  /** Waits until it is time for another attempt; false when there is to be none. */
  async #retry(error: unknown): Promise<boolean> {
    const delay = this.#circuit.failed(error)
    if (delay === undefined) {
      this.#fail(error)
      return false
    }
    const isOpen = this.#circuit.state !== 'closed'
    if (!this.#isWaitTold) {
      this.#isWaitTold = true
      this.#report(
        'FSFLOW_SINK_WAITS',
        `the sink ${this.name} has failed and is tried again: ${messageOf(error)}`,
      )
    }
    // What is in memory would be lost by a crash, the longer it waits the more.
    if (isOpen && this.#spool !== undefined) {
      this.#keepBatch(this.#spool)
      this.#spool.hurry()
    }
    if (!(isOpen && this.#isEnding)) await this.#pause(delay)
    if (this.#state !== 'open' || this.#isLeaving) return false
    if (!isOpen || !this.#isEnding) return true
    if (this.#spool === undefined) this.#fail(error)
    return false
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.close()
    } catch (error) {
      // When the sink has failed before, that is told already.
      if (this.#state !== 'open') return
      const lost = lostIn(error, 0)
      this.delivered -= lost
      this.dropped += lost
      this.#fail(error)
    }
    if (this.#state !== 'open') return
    if (this.#isRefusing) this.#state = 'failed'
    else this.#state = this.spooled > 0 ? 'spooled' : 'closed'
  }

  #giveUp(): void {
    const before = this.dropped
    this.#drop()
    if (this.#state === 'failed') return
    this.#state = this.dropped === before && this.#spool !== undefined ? 'spooled' : 'late'
    this.#tellRoom()
  }

  /** Whatever is in memory counts as dropped. */
  #drop(): void {
    this.dropped += this.#queue.length + this.#inFlight + (this.#spool?.forget() ?? 0)
    this.#batch = undefined
    this.#queue.clear()
  }

  #fail(error: unknown): void {
    this.error = error
    if (this.#spool === undefined) this.#drop()
    else this.#keepBatch(this.#spool)
    this.#leave('failed')
    this.#spool?.hurry()
  }

  #leave(state: 'failed' | 'gone'): void {
    if (state === 'gone') {
      this.#queue.clear()
      this.#batch = undefined
    }
    this.#state = state
    this.#wake()
    this.#tellRoom()
    this.#listener.onEnd(this)
  }

  #report(code: string, message: string, hint?: string): void {
    this.#listener.report({ code, message, hint })
  }
}

/** How many events an error says were not written. By name, for it may come from another copy of the package. */
function lostIn(error: unknown, otherwise: number): number {
  if (!FsflowError.is(error) || !('lost' in error)) return otherwise
  return typeof error.lost === 'number' ? error.lost : otherwise
}
