import type { Issue, SinkWriter } from '../contracts/index.js'
import type { FsflowError } from '../errors/index.js'
import { messageOf } from '../errors/messageOf.js'
import type { FileEvent } from '../events/index.js'
import { nowMicros } from '../linux/clock.js'
import { Attempts } from './delivery/Attempts.js'
import type { CircuitState } from './delivery/Circuit.js'
import { FullQueue } from './delivery/FullQueue.js'
import { LaneBatch, type Batch } from './delivery/LaneBatch.js'
import { LaneQueue } from './delivery/LaneQueue.js'
import type { LaneSettings, LaneState } from './delivery/LaneSettings.js'
import { LaneSpool } from './delivery/LaneSpool.js'
import { lostIn } from './delivery/lostIn.js'
import { WrittenMarks } from './WrittenMarks.js'

export interface LaneListener {
  report(issue: Issue): void
  /** The lane has left the state `open` before it was asked to finish. */
  onEnd(lane: SinkLane): void
  /** The run is to end, for the lane is full and must not lose anything; what waits is still written. */
  onFull(error: FsflowError): void
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
  error: unknown
  /** Milliseconds from the time of the oldest event of the batch written last until it was written. */
  lagMs: number | undefined
  readonly #writer: SinkWriter
  readonly #settings: LaneSettings
  readonly #listener: LaneListener
  readonly #queue = new LaneQueue()
  readonly #full: FullQueue
  readonly #attempts: Attempts
  readonly #spool: LaneSpool | undefined
  readonly #batch: LaneBatch
  #state: LaneState = 'open'
  #pushed = 0
  /** Events that were dropped though the queue was not full. */
  #lost = 0
  /** Of those, the ones that came when it took none any more. */
  #refused = 0
  #pumping: Promise<void> | undefined
  #isEnding = false
  /** Given up, and about to put on disk what waits. */
  #isLeaving = false
  #waiting: (() => void)[] = []
  readonly #marks = new WrittenMarks()

  constructor(name: string, writer: SinkWriter, settings: LaneSettings, listener: LaneListener) {
    this.name = name
    this.#writer = writer
    this.#settings = settings
    this.#listener = listener
    const { spool, run, whenFull, queue, retry, spoolFails = false } = settings
    this.#attempts = new Attempts(retry, (error) => {
      const message = `the sink ${name} has failed and is tried again: ${messageOf(error)}`
      listener.report({ code: 'FSFLOW_SINK_WAITS', message })
    })
    this.#full = new FullQueue({ name, whenFull, queue, spool: spool?.path, spoolFails }, this.#queue, {
      report: (issue) => listener.report(issue),
      spill: () => this.#spool!.start(),
      onRefuse: (error) => {
        this.error = error
        listener.onFull(error)
      },
    })
    if (spool !== undefined) {
      this.#spool = new LaneSpool(spool, this.#queue, run, {
        onFull: (error) => this.#full.spoolFull(error),
        onMoved: () => this.#tellWritten(),
        isHurried: () => this.#attempts.state !== 'closed' || this.#state === 'failed',
      })
    }
    this.#batch = new LaneBatch(run, this.#queue, spool, this.#spool)
    if (spool !== undefined && spool.count > 0) this.#pump()
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

  /** Events that did not reach the sink and are not kept. */
  get dropped(): number {
    return this.#lost + this.#full.dropped
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
    return this.#queue.length + (this.#spool?.moving ?? 0) + this.#batch.inMemory
  }

  get retries(): number {
    return this.#attempts.retries
  }

  get circuit(): CircuitState {
    return this.#attempts.state
  }

  /** `undefined` when half of the queue is free or the lane takes no more events, else what resolves when it is so. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /**
   * Resolves when all that came by now is written, on disk or lost: true when nothing was lost since the last question,
   * but for what came when it took none any more.
   */
  written(): Promise<boolean> {
    const answer = this.#marks.wait(this.#pushed, this.dropped - this.#refused)
    this.#tellWritten()
    return answer
  }

  push(event: FileEvent): void {
    if (this.#state === 'gone') return
    this.#pushed++
    if (!this.#takesEvents()) {
      this.#lost++
      this.#refused++
      return
    }
    if (!this.#full.push(event)) return
    this.#spool?.hurry()
    this.#pump()
  }

  /** Writes what waits, then closes the sink; what the sink does not take stays on disk. Never rejects. */
  async finish(): Promise<void> {
    this.#isEnding = true
    // Whoever has failed again and again is not waited for.
    if (this.#attempts.state !== 'closed') this.#attempts.wake()
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
    this.#batch.keep()
    this.#attempts.wake()
    await spool.keepAll()
    if (this.#isOver()) return
    this.#giveUp()
    await this.#settings.spool?.close()
  }

  /** Gives up without another look at the disk. */
  giveUp(): void {
    if (!this.#isOver()) this.#giveUp()
  }

  #isGivenUp(): boolean {
    return this.#isLeaving || this.#isOver()
  }

  #isOver(): boolean {
    return this.#state === 'late' || this.#state === 'spooled' || this.#state === 'closed'
  }

  #takesEvents(): boolean {
    if (this.#full.isRefusing) return false
    return this.#state === 'open' || (this.#state === 'failed' && this.#spool !== undefined)
  }

  #hasRoom(): boolean {
    return this.#state !== 'open' || this.pending <= this.#settings.queue / 2
  }

  // Told only while nothing is on its way, for what comes later may be on disk before.
  #tellWritten(): void {
    if (this.#batch.inMemory > 0 || (this.#spool?.moving ?? 0) > 0) return
    this.#marks.reach(this.#pushed - this.#queue.length, this.dropped - this.#refused)
  }

  #tellRoom(): void {
    this.#tellWritten()
    if (this.#waiting.length === 0 || !this.#hasRoom()) return
    for (const resolve of this.#waiting.splice(0)) resolve()
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
      const batch = await this.#batch.next(
        this.#attempts.most,
        () => this.#state === 'open' && !this.#isLeaving,
      )
      if (batch === undefined) return true
      if (!(await this.#write(batch))) return false
      this.#batch.forget()
      this.#tellRoom()
    }
  }

  /** Writes a batch, again and again where that is wanted; false when there is no more to be done. */
  async #write(batch: Batch): Promise<boolean> {
    while (batch.events.length > 0) {
      const part = this.#attempts.begin(batch.events)
      let failure: { readonly error: unknown; readonly lost: number } | undefined
      try {
        await this.#writer.write(part, batch.run)
        this.#attempts.succeeded()
        this.lagMs = (nowMicros() - part[0]!.timestampMicros) / 1000
      } catch (error) {
        failure = { error, lost: Math.min(part.length, lostIn(error, part.length)) }
      }
      if (this.#state !== 'open' || !this.#batch.holds(batch)) return false
      const written = part.length - (failure?.lost ?? 0)
      this.delivered += written
      if (typeof batch.from !== 'number') this.#full.spoolEased()
      await this.#batch.written(batch, written)
      if (failure !== undefined && !(await this.#retry(failure.error))) return false
      if (!this.#batch.holds(batch)) return true
    }
    return true
  }

  /** Waits until it is time for another attempt; false when there is to be none. */
  async #retry(error: unknown): Promise<boolean> {
    const delay = this.#attempts.failed(error)
    if (delay === undefined) {
      this.#fail(error)
      return false
    }
    const isOpen = this.#attempts.state !== 'closed'
    // What is in memory would be lost by a crash, the longer it waits the more.
    if (isOpen && this.#spool !== undefined) {
      this.#batch.keep()
      this.#spool.hurry()
    }
    if (!(isOpen && this.#isEnding)) await this.#attempts.pause(delay)
    if (this.#state !== 'open' || this.#isLeaving) return false
    if (!isOpen || !this.#isEnding) return true
    if (this.#spool === undefined) this.#fail(error)
    return false
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.close()
    } catch (error) {
      // When the sink has failed before, that is told already.
      if (this.#state !== 'open') return
      const lost = lostIn(error, 0)
      this.delivered -= lost
      this.#lost += lost
      this.#fail(error)
    }
    if (this.#state !== 'open') return
    if (this.#full.isRefusing) this.#state = 'failed'
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
    this.#lost += this.#queue.length + this.#batch.inMemory + (this.#spool?.forget() ?? 0)
    this.#batch.forget()
    this.#queue.clear()
  }

  #fail(error: unknown): void {
    this.error = error
    if (this.#spool === undefined) this.#drop()
    else this.#batch.keep()
    this.#leave('failed')
    this.#spool?.hurry()
  }

  #leave(state: 'failed' | 'gone'): void {
    if (state === 'gone') {
      this.#queue.clear()
      this.#batch.forget()
    }
    this.#state = state
    this.#attempts.wake()
    this.#tellRoom()
    this.#listener.onEnd(this)
  }
}
