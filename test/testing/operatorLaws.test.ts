import { describe, expect, it } from '@jest/globals'
import {
  Observable,
  asyncScheduler,
  catchError,
  concatWith,
  debounceTime,
  delay,
  EMPTY,
  endWith,
  filter,
  ignoreElements,
  interval,
  map,
  mergeWith,
  NEVER,
  of,
  scan,
  startWith,
  Subject,
  tap,
} from 'rxjs'
import type { Operator } from '../../src/contracts/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { fileEvent, operatorLaws } from '../../src/testing/index.js'

/** The names of the laws that the operator breaks. */
function broken(create: () => Operator, samples?: readonly FileEvent[]): string[] {
  const laws = samples === undefined ? operatorLaws(create) : operatorLaws(create, samples)
  return laws.flatMap(({ name, run }) => {
    try {
      run()
      return []
    } catch {
      return [name]
    }
  })
}

const law = {
  never: 'says nothing when its input says nothing',
  empty: 'completes at once on an empty input',
  completes: 'completes when its input does',
  error: 'passes an error on at once, and nothing after it',
  once: 'subscribes to its input once, when it is subscribed to',
  unsubscribes: 'unsubscribes from its input when it is unsubscribed from, and leaves no timer',
  stops: 'stops a synchronous input that it is unsubscribed from',
  noTimer: 'leaves no timer when its input completes',
  control: 'passes control events at once, unchanged and in order',
  apart: 'shares no state between two streams',
  afresh: 'starts afresh with each subscription',
  unchanged: 'does not change the events that it is given',
}

const event = fileEvent('CREATE /a')

function counting(): Operator {
  let count = 0
  return (source) => source.pipe(filter((passing) => passing.isControl || count++ < 5))
}

const breakers: [string, string[], () => Operator][] = [
  ['that speaks first', [law.never, law.empty, law.stops], () => startWith(event)],
  ['that never completes', [law.empty, law.completes, law.unchanged], () => (s) => s.pipe(concatWith(NEVER))],
  [
    'that completes late',
    [law.empty],
    () => (s) => s.pipe(mergeWith(of(event).pipe(delay(1), ignoreElements()))),
  ],
  ['that swallows errors', [law.error], () => (s) => s.pipe(catchError(() => EMPTY))],
  ['that tells more after an error', [law.error], () => (s) => s.pipe(catchError(() => of(event)))],
  ['that subscribes twice', [law.once], () => (s) => s.pipe(mergeWith(s.pipe(ignoreElements())))],
  ['that delays', [law.control], () => debounceTime(5)],
  ['that replaces control events', [law.control], () => map((e) => (e.isControl ? e.with({}) : e))],
  ['that drops control events', [law.control], () => filter((e) => !e.isControl)],
  ['that shares state', [law.apart, law.afresh], counting],
  ['that changes events', [law.unchanged], () => tap((e) => Object.assign(e, { seq: e.seq }))],
  ['that adds an end', [law.empty], () => endWith(event)],
]

describe('operatorLaws', () => {
  it('has one case for each law', () => {
    expect(operatorLaws(() => map((same) => same)).map(({ name }) => name)).toEqual(Object.values(law))
  })

  it('accepts operators of RxJS that keep them', () => {
    expect(broken(() => map((same) => same))).toEqual([])
    expect(broken(() => filter((some) => some.isControl || some.seq % 2 === 0))).toEqual([])
    expect(broken(() => scan((_, next) => next))).toEqual([])
  })

  it.each(breakers)('rejects an operator %s', (_, laws, create) => {
    expect(broken(create)).toEqual(expect.arrayContaining(laws))
  })

  it('rejects an operator that goes on after it was unsubscribed from', () => {
    const leaking: Operator = (source) =>
      new Observable((subscriber) => {
        const relay = new Subject<FileEvent>()
        relay.subscribe(subscriber)
        source.subscribe({
          next: (e) => relay.next(e),
          error: (e: unknown) => relay.error(e),
          complete: () => relay.complete(),
        })
      })
    expect(broken(() => leaking)).toEqual([law.unsubscribes, law.stops])
  })

  it('rejects an operator that leaves a timer', () => {
    const ticking: Operator = (source) =>
      source.pipe(
        tap(() => {
          asyncScheduler.schedule(() => undefined, 5)
        }),
      )
    expect(broken(() => ticking)).toEqual([law.unsubscribes])
    const forever: Operator = (source) => source.pipe(tap({ complete: () => interval(1000).subscribe() }))
    expect(broken(() => forever)).toContain(law.noTimer)
  })

  it('takes the samples that it is given', () => {
    const onlyDeletes: Operator = map((e) => {
      if (e.eventType === 'DELETE' && Object.isFrozen(e)) throw new Error('a frozen DELETE')
      return e
    })
    expect(broken(() => onlyDeletes, [fileEvent('CREATE /a')])).toEqual([])
    expect(broken(() => onlyDeletes, [fileEvent('DELETE /a')])).toEqual([law.unchanged])
  })
})
