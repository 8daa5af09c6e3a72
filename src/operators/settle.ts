import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { handleEvents } from './support/handleEvents.js'
import { isOver } from './support/isOver.js'
import {
  optionObject,
  requireCount,
  requireMaxWait,
  requireMillis,
  requireScheduler,
} from './support/optionChecks.js'

export interface SettleOptions {
  /** Milliseconds after which a batch ends although the tree is not quiet. Default: no limit. */
  readonly maxWait?: number
  /** Number of events with which a batch ends although the tree is not quiet. Default 100,000. */
  readonly maxEvents?: number
  /** Where time comes from. Default RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike
}

/**
 * Holds events until the tree is quiet, then emits them at once, as a batch.
 *
 * ```
 * source:     --a-b--c---------d-|    a, b, c, d: events of any paths
 * settle(4)
 * result:     -----------(ABC)---(D|)    A, B, C: batchId 1, batchSize 3    D: batchId 2, batchSize 1
 * ```
 *
 * A batch ends when no event has come for `quietMs` milliseconds, or `maxWait` milliseconds after its first event,
 * or with `maxEvents` events, which bounds the memory. Its events are emitted in their order, one right after the
 * other, each with `batchId`, which rises by 1 from 1 on within a subscription, and `batchSize`, how many events
 * the batch has. So the first event with a new `batchId` says that the tree has settled, and the batch is complete
 * when `batchSize` events with its `batchId` have come, given that nothing after this operator leaves events out.
 *
 * Every event that comes in is held and puts off the end, reads too. Control events pass at once, without a batch.
 * The batch that is held is emitted on complete and before `MONITOR_STOP`, and dropped on error and unsubscribe.
 * Throws FSFLOW_INVALID_OPTION.
 */
export function settle(quietMs: number, options: SettleOptions = {}): Operator {
  requireMillis('settle', 'quietMs', quietMs)
  optionObject('settle', options)
  rejectUnknownOptions('settle', options, ['maxWait', 'maxEvents', 'scheduler'])
  const { maxWait, maxEvents = 100_000, scheduler = asyncScheduler } = options
  if (maxWait !== undefined) requireMaxWait('settle', maxWait, quietMs)
  requireCount('settle', 'maxEvents', maxEvents)
  requireScheduler('settle', scheduler)
  return describeOperator(
    { name: 'settle', options: { quietMs, ...(maxWait !== undefined && { maxWait }), maxEvents } },
    handleEvents((output) => {
      const limits = { quietMs, maxWait: maxWait ?? Infinity, maxEvents }
      const batches = new Batches(limits, scheduler, (event) => output.next(event))
      return {
        next: (event) => batches.take(event),
        complete() {
          batches.flush()
          output.complete()
        },
        dispose: () => batches.drop(),
      }
    }),
  )
}

type Limits = Required<Omit<SettleOptions, 'scheduler'>> & { readonly quietMs: number }

/** A batch that is being emitted. */
interface Telling {
  readonly id: number
  readonly events: readonly FileEvent[]
  told: number
}

class Batches {
  readonly #limits: Limits
  readonly #scheduler: SchedulerLike
  readonly #emit: (event: FileEvent) => void
  #held: FileEvent[] = []
  #since = 0
  #touched = 0
  #asked = false
  #lastId = 0
  #telling: Telling | undefined
  // It is not set anew for each event: it may find that more has come, and is then.
  #timer: Subscription | undefined

  constructor(limits: Limits, scheduler: SchedulerLike, emit: (event: FileEvent) => void) {
    this.#limits = limits
    this.#scheduler = scheduler
    this.#emit = emit
  }

  take(event: FileEvent): void {
    if (event.isControl) {
      if (event.eventType === 'MONITOR_STOP') this.flush()
      this.#emit(event)
      return
    }
    this.#touched = this.#scheduler.now()
    this.#asked = false
    if (this.#held.length === 0) this.#since = this.#touched
    this.#held.push(event)
    if (this.#held.length >= this.#limits.maxEvents) this.flush()
    else if (this.#timer === undefined) this.#setTimer(this.#limits.quietMs)
  }

  /** Ends the batch. */
  flush(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
    // When the input goes on, or ends, while a batch is being told: that one first.
    this.#tell()
    if (this.#held.length === 0) return
    this.#telling = { id: ++this.#lastId, events: this.#held, told: 0 }
    this.#held = []
    this.#tell()
  }

  drop(): void {
    this.#timer?.unsubscribe()
    this.#held = []
    if (this.#telling !== undefined) this.#telling.told = Infinity
  }

  #tell(): void {
    const telling = this.#telling
    if (telling === undefined) return
    const { id: batchId, events } = telling
    const batchSize = events.length
    while (telling.told < batchSize) this.#emit(events[telling.told++]!.with({ batchId, batchSize }))
    if (this.#telling === telling) this.#telling = undefined
  }

  #setTimer(delay: number): void {
    this.#timer = this.#scheduler.schedule(() => {
      this.#timer = undefined
      this.#wake()
    }, delay)
  }

  #wake(): void {
    const { quietMs, maxWait } = this.#limits
    const now = this.#scheduler.now()
    if (isOver(this.#since, maxWait, now)) {
      this.flush()
    } else if (!isOver(this.#touched, quietMs, now)) {
      this.#setTimer(Math.min(this.#touched + quietMs, this.#since + maxWait) - now)
    } else if (this.#asked) {
      this.flush()
    } else {
      // One more turn of the event loop: after a long block, what happened meanwhile is still waiting to be read.
      this.#asked = true
      this.#setTimer(0)
    }
  }
}
