import type { Issue, SinkWriter } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import { FileEvent } from '../events/index.js'
import { WrittenMarks } from './WrittenMarks.js'

/** The most events that a sink gets in one call of `write`: a sink that is behind catches up faster with many. */
export const batchSize = 8192

/** `open`: it takes events; `failed`, `gone`, `late`: it takes none; `closed`: all was written. */
export type LaneState = 'open' | 'failed' | 'gone' | 'late' | 'closed'

export interface LaneListener {
  report(issue: Issue): void
  /** The lane has left the state `open` before it was asked to finish. */
  onEnd(lane: SinkLane): void
}

/**
 * One sink with a bounded queue of its own, so that a slow or broken sink delays nobody.
 *
 * When the queue is full, events are lost to this sink and counted, until it has written half of the queue;
 * a `WARNING` event then stands in their place.
 */
export class SinkLane {
  readonly name: string
  delivered = 0
  /** Events that did not reach the sink: the queue was full, or the sink failed or was too late. */
  dropped = 0
  error: unknown
  readonly #writer: SinkWriter
  readonly #limit: number
  readonly #listener: LaneListener
  #state: LaneState = 'open'
  #queue: FileEvent[] = []
  #head = 0
  #inFlight = 0
  #pumping: Promise<void> | undefined
  #missed = 0
  #lastMissed: FileEvent | undefined
  #waiting: (() => void)[] = []
  readonly #marks = new WrittenMarks()

  constructor(name: string, writer: SinkWriter, limit: number, listener: LaneListener) {
    this.name = name
    this.#writer = writer
    this.#limit = limit
    this.#listener = listener
    void writer.gone?.then(() => {
      if (this.#state === 'open') this.#leave('gone')
    })
  }

  get state(): LaneState {
    return this.#state
  }

  /** Events that wait or are being written. */
  get pending(): number {
    return this.#queue.length - this.#head + this.#inFlight
  }

  /** `undefined` when half of the queue is free or the lane takes no more events, else what resolves when it is so. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when all that came by now is written or lost: true when what came since the last question is written. */
  written(): Promise<boolean> {
    return this.#marks.wait()
  }

  push(event: FileEvent): void {
    if (this.#state !== 'open') {
      if (this.#state !== 'gone') this.dropped++
      return
    }
    if (this.#isFull() && !event.isControl) {
      this.#miss(event)
      return
    }
    if (this.#lastMissed !== undefined) this.#tellMissed(this.#lastMissed)
    this.#enqueue(event)
  }

  /** Writes what waits, then closes the sink. Never rejects: `state` and `error` tell. */
  async finish(): Promise<void> {
    if (this.#lastMissed !== undefined && this.#state === 'open') this.#tellMissed(this.#lastMissed)
    await this.#pumping
    try {
      await this.#writer.close()
      if (this.#state === 'open') this.#state = 'closed'
    } catch (error) {
      // The deadline has passed, or the sink has failed before: that is told already.
      if (this.#state !== 'open') return
      const lost = lostIn(error, 0)
      this.delivered -= lost
      this.#fail(error, lost)
    }
  }

  /** Gives the sink up: all that waits or is being written counts as dropped. */
  abandon(): void {
    if (this.#state !== 'open') return
    this.dropped += this.pending
    this.#clear()
    this.#state = 'late'
    this.#marks.giveUp()
    this.#tellRoom()
  }

  #hasRoom(): boolean {
    return this.#state !== 'open' || this.pending <= this.#limit / 2
  }

  #tellRoom(): void {
    if (this.#waiting.length === 0 || !this.#hasRoom()) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  // Once full, it stays full until half of it is free: one episode, not one for each batch.
  #isFull(): boolean {
    const pending = this.pending
    return pending >= this.#limit || (this.#missed > 0 && pending > this.#limit / 2)
  }

  #miss(event: FileEvent): void {
    if (this.#missed === 0) {
      this.#listener.report({
        code: 'FSFLOW_EVENTS_DROPPED',
        message: `the sink ${this.name} is too slow: ${this.#limit} events wait for it, further ones are dropped`,
        hint: 'Narrow the pipeline, or raise its queueSize.',
      })
    }
    this.#missed++
    this.dropped++
    this.#marks.lose()
    this.#lastMissed = event
  }

  // The place in the sequence is that of the last event dropped, so that no number is used twice.
  #tellMissed(last: FileEvent): void {
    const message = `${this.#missed} events before this one were dropped, for this sink was too slow`
    this.#enqueue(
      new FileEvent({
        timestampMicros: last.timestampMicros,
        seq: last.seq,
        eventType: 'WARNING',
        filePath: '',
        source: last.source,
        controlDetails: { code: 'FSFLOW_EVENTS_DROPPED', message, counts: { dropped: this.#missed } },
      }),
    )
    this.#missed = 0
    this.#lastMissed = undefined
  }

  #enqueue(event: FileEvent): void {
    this.#queue.push(event)
    this.#marks.take()
    // Not at once, so that what the source emits in one go is written in one go.
    this.#pumping ??= Promise.resolve().then(() => this.#pump())
  }

  async #pump(): Promise<void> {
    while (this.#head < this.#queue.length) {
      const batch = this.#take()
      this.#inFlight = batch.length
      try {
        await this.#writer.write(batch)
        if (this.#state === 'open') {
          this.delivered += batch.length
          this.#marks.settle(batch.length)
        }
      } catch (error) {
        if (this.#state === 'open') {
          const lost = lostIn(error, batch.length)
          this.delivered += batch.length - lost
          this.#inFlight = 0
          this.#fail(error, lost)
        }
      }
      this.#inFlight = 0
      this.#tellRoom()
    }
    this.#pumping = undefined
  }

  #take(): FileEvent[] {
    const end = this.#head + batchSize
    const batch = this.#queue.slice(this.#head, end)
    if (end >= this.#queue.length) {
      this.#clear()
    } else {
      this.#head = end
      if (this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head)
        this.#head = 0
      }
    }
    return batch
  }

  #clear(): void {
    this.#queue = []
    this.#head = 0
  }

  #fail(error: unknown, lost: number): void {
    this.error = error
    this.dropped += lost + this.pending
    this.#leave('failed')
  }

  #leave(state: 'failed' | 'gone'): void {
    this.#clear()
    this.#state = state
    this.#marks.giveUp()
    this.#tellRoom()
    this.#listener.onEnd(this)
  }
}

/** How many events an error says were not written. By name, for it may come from another copy of the package. */
function lostIn(error: unknown, otherwise: number): number {
  if (!FsflowError.is(error) || !('lost' in error)) return otherwise
  return typeof error.lost === 'number' ? error.lost : otherwise
}
