import { EMPTY, NEVER, Observable, Subject, take } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { isDeepStrictEqual } from 'node:util'
import type { Operator } from '../contracts/index.js'
import { controlEventTypes, type FileEvent } from '../events/index.js'
import { fileEvent } from './fileEvent.js'

/** One law: `run` throws an Error that tells how the operator breaks it. */
export interface OperatorLaw {
  readonly name: string
  readonly run: () => void
}

// Virtual: an operator that leaves a timer running for ever must fail, not hang.
const MAX_MILLIS = 600_000

/** What came out of a stream. */
interface Output {
  readonly events: FileEvent[]
  ended: 'no' | 'completed' | 'failed'
  error: unknown
}

/**
 * The laws that every operator of a pipeline keeps, as cases for any test framework:
 *
 * ```ts
 * for (const { name, run } of operatorLaws(() => myOperator())) it(name, run)
 * ```
 *
 * `create` makes the operator anew for each law. `samples` are events that it has work with; by default a handful
 * of all kinds. The laws run in virtual time: timers of RxJS's `asyncScheduler` are seen, a lookup that answers by
 * a Promise is not.
 */
export function operatorLaws(
  create: () => Operator,
  samples: readonly FileEvent[] = defaultSamples,
): OperatorLaw[] {
  const law = (name: string, body: (scheduler: TestScheduler) => void): OperatorLaw => ({
    name,
    run: () => inVirtualTime(body),
  })
  return [
    law('says nothing when its input says nothing', (scheduler) => {
      const output = record(NEVER.pipe(create()))
      scheduler.flush()
      check(output.events.length === 0 && output.ended === 'no', `it did: ${summary(output)}`)
    }),
    law('completes at once on an empty input', () => {
      const output = record(EMPTY.pipe(create()))
      check(output.events.length === 0 && output.ended === 'completed', `instead: ${summary(output)}`)
    }),
    law('completes when its input does', (scheduler) => {
      const output = record(streamOf(samples).pipe(create()))
      scheduler.flush()
      check(output.ended === 'completed', `instead: ${summary(output)}`)
    }),
    law('passes an error on at once, and nothing after it', (scheduler) => {
      const input = new Subject<FileEvent>()
      const failure = new Error('of the source')
      const output = record(input.pipe(create()))
      for (const sample of samples) input.next(sample)
      input.error(failure)
      const told = output.events.length
      check(output.ended === 'failed' && output.error === failure, `instead: ${summary(output)}`)
      scheduler.flush()
      check(output.events.length === told, 'it emitted events after the error')
    }),
    law('subscribes to its input once, when it is subscribed to', () => {
      let subscriptions = 0
      const input = new Observable<FileEvent>(() => {
        subscriptions++
      })
      const result = input.pipe(create())
      check(subscriptions === 0, 'it subscribed before anyone subscribed to it')
      result.subscribe().unsubscribe()
      check(subscriptions === 1, `it subscribed ${subscriptions} times`)
    }),
    law('unsubscribes from its input when it is unsubscribed from, and leaves no timer', (scheduler) => {
      const input = new Subject<FileEvent>()
      const output: Output = { events: [], ended: 'no', error: undefined }
      const subscription = recordInto(output, input.pipe(create()))
      for (const sample of samples) input.next(sample)
      const told = output.events.length
      subscription.unsubscribe()
      check(!input.observed, 'its input is still subscribed to')
      check(scheduler.actions.length === 0, 'a timer is still pending')
      scheduler.flush()
      check(output.events.length === told, 'it emitted events after that')
    }),
    law('stops a synchronous input that it is unsubscribed from', () => {
      const warning = fileEvent('WARNING')
      let pulled = 0
      const endless = new Observable<FileEvent>((subscriber) => {
        while (!subscriber.closed && pulled < 10) {
          pulled++
          subscriber.next(warning)
        }
      })
      endless.pipe(create(), take(1)).subscribe()
      check(pulled === 1, `it took ${pulled} events though one was wanted`)
    }),
    law('leaves no timer when its input completes', (scheduler) => {
      record(streamOf(samples).pipe(create()))
      scheduler.flush()
      check(scheduler.actions.length === 0, 'a timer is still pending')
    }),
    law('passes control events at once, unchanged and in order', () => {
      const input = new Subject<FileEvent>()
      const output = record(input.pipe(create()))
      const sent: FileEvent[] = []
      for (const [index, sample] of samples.entries()) {
        input.next(sample)
        const control = fileEvent(controlEventTypes[index % controlEventTypes.length]!, { seq: 1000 + index })
        input.next(control)
        sent.push(control)
        check(output.events.includes(control), `${control.eventType} did not come out at once as it went in`)
      }
      const passed = output.events.filter((event) => event.isControl)
      check(
        passed.every((event, index) => event === sent[index]) && passed.length === sent.length,
        'their order changed',
      )
    }),
    law('shares no state between two streams', (scheduler) => {
      const alone = record(streamOf(samples).pipe(create()))
      scheduler.flush()
      const operator = create()
      const [first, second] = [new Subject<FileEvent>(), new Subject<FileEvent>()]
      const outputs = [record(first.pipe(operator)), record(second.pipe(operator))]
      for (const sample of samples) {
        first.next(sample)
        second.next(sample)
      }
      first.complete()
      second.complete()
      scheduler.flush()
      for (const output of outputs) {
        check(
          isDeepStrictEqual(output.events, alone.events),
          `alone: ${summary(alone)}; beside another stream: ${summary(output)}`,
        )
      }
    }),
    law('starts afresh with each subscription', (scheduler) => {
      const result = streamOf(samples).pipe(create())
      const [first, second] = [record(result), record(result)]
      scheduler.flush()
      check(
        isDeepStrictEqual(first.events, second.events),
        `first: ${summary(first)}; then: ${summary(second)}`,
      )
    }),
    law('does not change the events that it is given', (scheduler) => {
      const copies = samples.map((sample) => sample.with({}))
      for (const copy of copies) freeze(copy)
      const output = record(streamOf(copies).pipe(create()))
      scheduler.flush()
      check(output.ended === 'completed', `on frozen events it failed: ${String(output.error)}`)
      check(isDeepStrictEqual(copies, [...samples]), 'an event was changed')
    }),
  ]
}

const defaultSamples: readonly FileEvent[] = [
  'CREATE /r/a',
  'MODIFY /r/a',
  'CLOSE_WRITE /r/a',
  'CREATE /r/d/',
  'MOVED_FROM /r/a #1',
  'MOVED_TO /r/d/b #1',
  'RENAME /r/d/ -> /r/e/',
  'OPEN /r/c',
  'ATTRIB /r/c',
  'DELETE /r/e/b',
  'MOVED_FROM /r/x #2',
  'MODIFY /r/c',
].map((text, index) => fileEvent(text, { seq: index + 1, root: '/r' }))

function inVirtualTime(body: (scheduler: TestScheduler) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    scheduler.maxFrames = MAX_MILLIS
    body(scheduler)
  })
}

function streamOf(events: readonly FileEvent[]): Observable<FileEvent> {
  return new Observable((subscriber) => {
    for (const event of events) subscriber.next(event)
    subscriber.complete()
  })
}

function record(stream: Observable<FileEvent>): Output {
  const output: Output = { events: [], ended: 'no', error: undefined }
  recordInto(output, stream)
  return output
}

function recordInto(output: Output, stream: Observable<FileEvent>) {
  return stream.subscribe({
    next: (event) => output.events.push(event),
    error: (error: unknown) => {
      output.ended = 'failed'
      output.error = error
    },
    complete: () => {
      output.ended = 'completed'
    },
  })
}

function freeze(value: object): void {
  Object.freeze(value)
  for (const inner of Object.values(value)) {
    // A typed array cannot be frozen.
    if (typeof inner === 'object' && inner !== null && !ArrayBuffer.isView(inner)) freeze(inner as object)
  }
}

function summary(output: Output): string {
  const events = output.events.map((event) => `${event.eventType} ${event.filePath}`.trim()).join(', ')
  const end = output.ended === 'failed' ? `failed with ${String(output.error)}` : output.ended
  return `[${events}] ${output.ended === 'no' ? 'and no end' : end}`
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new Error(message)
}
