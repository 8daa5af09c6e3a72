import { describe, expect, it } from '@jest/globals'
import { of, Subject, tap, throwError, type Observable } from 'rxjs'
import type { Operator, Source } from '../../src/contracts/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { eachEvent } from '../../src/operators/support/eachEvent.js'
import { eventStream, type StreamEnds } from '../../src/pipeline/eventStream.js'
import { planStream } from '../../src/pipeline/planPipeline.js'
import { streamCounters } from '../../src/pipeline/StreamCounters.js'
import { event } from './fakes.js'

function start(events: Observable<FileEvent>, operators: readonly Operator[], ends?: StreamEnds) {
  const source: Source = {
    name: 'given',
    providesPaths: true,
    check: () => Promise.resolve({ lines: [], problems: [] }),
    open: () => events,
  }
  const plan = planStream(source, operators)
  const counters = streamCounters(plan.stages.length)
  const context = { signal: new AbortController().signal, report: () => undefined }
  const told: string[] = []
  const ended = new Promise<void>((resolve, reject) => {
    eventStream(plan, plan.request, context, counters, ends).subscribe({
      next: ({ eventType, filePath }) => told.push(`${eventType} ${filePath}`.trim()),
      error: reject,
      complete: resolve,
    })
  })
  return { counters, told, ended }
}

const acts: string[] = []
const acting = (name: string): Operator =>
  eachEvent({
    name,
    after:
      ({ filePath }) =>
      () =>
        acts.push(`${name} ${filePath}`),
  })
const noting = (name: string): Operator => tap(({ filePath }) => acts.push(`${name} ${filePath}`))
const dropping = (path: string): Operator =>
  eachEvent({ name: 'dropping', each: (one) => (one.filePath === path ? undefined : one) })

describe('eventStream', () => {
  it('counts at each boundary, whether operators are done in one go or not', async () => {
    const events = of(event(1, 'CREATE', '/a'), event(2, 'MODIFY', '/b'), event(3, 'MODIFY', '/c'))
    const rxjs: Operator = tap(() => undefined)
    const { counters, told, ended } = start(events, [dropping('/a'), dropping('/b'), rxjs, dropping('/c')])
    await ended
    expect(told).toEqual(['MONITOR_STOP'])
    expect(counters.passed).toEqual([3, 2, 1, 1, 0])
    expect(Object.fromEntries(counters.kinds)).toMatchObject({
      CREATE: { count: 1 },
      MODIFY: { count: 2 },
      DELETE: { count: 0 },
      MONITOR_STOP: { count: 1 },
    })
    expect(counters).toMatchObject({ added: 1, lastSeq: 4 })
  })

  it('acts when an event has reached all that follows, the last operator first', async () => {
    acts.length = 0
    const events = of(event(1, 'CREATE', '/a'), event(2, 'CREATE', '/b'))
    const { ended } = start(events, [acting('first'), dropping('/b'), acting('second'), noting('end')])
    await ended
    expect(acts).toEqual(['end /a', 'second /a', 'first /a', 'first /b'])
  })

  it.each([
    ['each', { each: fail }],
    ['after', { after: () => fail }],
  ])('names the operator whose `%s` throws, among others that are done with it', async (_, parts) => {
    const failing = eachEvent({ name: 'failing', ...parts })
    const { ended } = start(of(event(1, 'CREATE', '/a')), [dropping('/b'), failing, dropping('/c')])
    await expect(ended).rejects.toMatchObject({
      code: 'FSFLOW_OPERATOR_FAILED',
      path: 'operators[1]',
      message: 'operators[1] (failing) failed: Error: no',
    })
  })

  it('fails as its source does', async () => {
    const cause = new Error('gone')
    const { ended } = start(
      throwError(() => cause),
      [dropping('/b')],
    )
    await expect(ended).rejects.toBe(cause)
  })

  it('completes the source when it is given up, and ends as it is when it is cut', async () => {
    const [giveUp, cut] = [new Subject<void>(), new Subject<void>()]
    const source = new Subject<FileEvent>()
    const first = start(source, [], { giveUp, cut })
    source.next(event(1, 'CREATE', '/a'))
    giveUp.next()
    await first.ended
    expect(first.told).toEqual(['CREATE /a', 'MONITOR_STOP'])
    const second = start(source, [], { giveUp, cut })
    cut.next()
    await second.ended
    expect(second.told).toEqual([])
    expect([source.observed, giveUp.observed, cut.observed]).toEqual([false, false, false])
  })
})

function fail(): never {
  throw new Error('no')
}
