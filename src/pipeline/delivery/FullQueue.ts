import type { Issue } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import type { FileEvent } from '../../events/index.js'
import type { LaneQueue } from './LaneQueue.js'

export interface FullQueueSettings {
  /** The name of the sink. */
  readonly name: string
  readonly whenFull: 'spill' | 'dropOldest' | 'fail'
  readonly queue: number
  /** Where its spool is; `undefined` when it has none. */
  readonly spool: string | undefined
  /** Whether the run is to end when the spool takes no more. */
  readonly spoolFails: boolean
}

export interface FullQueueListener {
  report(issue: Issue): void
  /** Puts on disk what is in the queue; false when that cannot be begun now. */
  spill(): boolean
  /** No further event is taken, for none must be lost. */
  onRefuse(error: FsflowError): void
}

/** Decides what becomes of events when the queue of a sink is full, and says so once. */
export class FullQueue {
  /** How many events were dropped for that. */
  dropped = 0
  readonly #settings: FullQueueSettings
  readonly #queue: LaneQueue
  readonly #listener: FullQueueListener
  #isDropping = false
  #isRefusing = false
  #isSpoolFull = false

  constructor(settings: FullQueueSettings, queue: LaneQueue, listener: FullQueueListener) {
    this.#settings = settings
    this.#queue = queue
    this.#listener = listener
  }

  /** True once it takes no event any more. */
  get isRefusing(): boolean {
    return this.#isRefusing
  }

  /** Queues an event, if need be in the place of the oldest; false when it is not queued. */
  push(event: FileEvent): boolean {
    const most = this.#settings.queue
    if (this.#queue.length >= most && !event.isControl && !this.#makeRoom(event)) return false
    this.#queue.push(event)
    if (this.#isDropping && this.#queue.length <= most / 2) this.#isDropping = false
    return true
  }

  /** The spool has taken nothing, so all that it should have taken stays in the queue, if there is room. */
  spoolFull(error: unknown): void {
    const { name, spool, spoolFails, queue } = this.#settings
    const problem = `its spool ${spool} takes no more: ${messageOf(error)}`
    const hint = 'Free space on the disk, or raise the size of the spool.'
    if (spoolFails) this.#refuse(problem, hint, error)
    else if (!this.#isSpoolFull) {
      this.#isSpoolFull = true
      const message = `the sink ${name}: ${problem}; what does not fit into memory is lost`
      this.#listener.report({ code: 'FSFLOW_SPOOL', message, hint })
    }
    while (this.#queue.length > queue && this.#queue.dropOldest()) this.dropped++
  }

  /** There is room in the spool again. */
  spoolEased(): void {
    this.#isSpoolFull = false
  }

  /** False when the event is not to be queued. */
  #makeRoom(event: FileEvent): boolean {
    const { name, whenFull, queue, spool } = this.#settings
    if (whenFull === 'fail') {
      this.dropped++
      const hint = 'Narrow the pipeline, raise the queue of the sink, or let it spill.'
      this.#refuse(`${queue} events wait for it`, hint)
      return false
    }
    if (spool !== undefined && this.#listener.spill()) return true
    if (!this.#isDropping) {
      this.#isDropping = true
      this.#listener.report({
        code: 'FSFLOW_EVENTS_DROPPED',
        message: `the sink ${name} is too slow: ${queue} events wait for it, and the oldest are dropped`,
        hint: spool === undefined ? 'Narrow the pipeline, or raise its queueSize.' : undefined,
      })
    }
    this.dropped++
    if (this.#queue.dropOldest()) return true
    this.#queue.drop(event)
    return false
  }

  #refuse(problem: string, hint: string, cause?: unknown): void {
    if (this.#isRefusing) return
    this.#isRefusing = true
    const message = `the sink ${this.#settings.name} is full: ${problem}`
    this.#listener.onRefuse(new FsflowError({ code: 'FSFLOW_SINK_FULL', message, hint, cause }))
  }
}
