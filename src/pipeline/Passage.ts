import type { Subscriber } from 'rxjs'
import type { OperatorInfo } from '../contracts/index.js'
import type { FileEvent } from '../events/index.js'
import type { EventHandlers } from '../operators/support/handleEvents.js'
import type { StreamCounters } from './StreamCounters.js'

/** An operator that can be done with one event at a time, without RxJS. */
export type Step = Pick<OperatorInfo, 'each' | 'after'>

/** What a stream ends with. */
export interface StreamEnd {
  /** The last event of a stream that completes. */
  last(): FileEvent
  /** The error of one that fails. */
  error(error: unknown): unknown
}

interface Act {
  readonly boundary: number
  readonly run: () => void
}

/**
 * What stands between the source or an operator and the next operator that has to be one of RxJS: it counts, and does
 * the operators in between, which need no subscription of their own.
 */
export class Passage implements EventHandlers {
  readonly #output: Subscriber<FileEvent>
  readonly #counters: StreamCounters
  readonly #boundary: number
  readonly #steps: readonly Step[]
  readonly #end: StreamEnd | undefined

  /** `boundary` is the place in `counters` of what it takes; `end` is given to the last passage of a stream. */
  constructor(
    output: Subscriber<FileEvent>,
    counters: StreamCounters,
    boundary: number,
    steps: readonly Step[],
    end: StreamEnd | undefined,
  ) {
    this.#output = output
    this.#counters = counters
    this.#boundary = boundary
    this.#steps = steps
    this.#end = end
  }

  next(event: FileEvent): void {
    const counters = this.#counters
    let boundary = this.#boundary
    if (boundary === 0) {
      const kind = counters.kinds.get(event.eventType)
      if (kind !== undefined) kind.count++
      counters.lastSeq = event.seq
      counters.lastMicros = event.timestampMicros
    }
    let current: FileEvent | undefined = event
    let acts: Act[] | undefined
    counters.passed[boundary]!++
    try {
      for (const { each, after } of this.#steps) {
        boundary++
        if (each !== undefined) current = each(current)
        if (current === undefined) break
        const run = after?.(current)
        if (run !== undefined) (acts ??= []).push({ boundary, run })
        counters.passed[boundary]!++
      }
    } catch (error) {
      this.#fail(error, boundary)
      return
    }
    if (current !== undefined) this.#output.next(current)
    if (acts !== undefined) this.#act(acts)
  }

  complete(): void {
    if (this.#end !== undefined) this.#output.next(this.#end.last())
    this.#output.complete()
  }

  error(error: unknown): unknown {
    this.#counters.failedAt ??= this.#boundary
    return this.#end === undefined ? error : this.#end.error(error)
  }

  /** The last operator first: by then, all that follows an operator is done. */
  #act(acts: Act[]): void {
    for (const { boundary, run } of acts.reverse()) {
      if (this.#output.closed) return
      try {
        run()
      } catch (error) {
        this.#fail(error, boundary)
      }
    }
  }

  #fail(error: unknown, boundary: number): void {
    this.#counters.failedAt ??= boundary
    this.#output.error(this.#end === undefined ? error : this.#end.error(error))
  }
}
