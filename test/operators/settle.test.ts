import { describe, expect, it } from '@jest/globals'
import { asapScheduler, Observable, Subject, VirtualTimeScheduler, type SchedulerLike } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { settle, type SettleOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

const events = {
  a: fileEvent('CREATE /a', { seq: 1 }),
  b: fileEvent('MODIFY /b', { seq: 2 }),
  c: fileEvent('OPEN /c', { seq: 3 }),
  d: fileEvent('DELETE /d', { seq: 4 }),
  o: fileEvent('OVERFLOW', { seq: 5 }),
  s: fileEvent('MONITOR_STOP', { seq: 6 }),
}

/** The events by name, each in upper case as it is told in a batch: `{ 1: 'abc', 2: 'd' }`. */
function told(batches: Readonly<Record<number, string>>): Record<string, FileEvent> {
  const values: Record<string, FileEvent> = { ...events }
  for (const [id, names] of Object.entries(batches)) {
    for (const name of names) {
      const event = events[name as keyof typeof events]
      values[name.toUpperCase()] = event.with({ batchId: Number(id), batchSize: names.length })
    }
  }
  return values
}

describe('settle', () => {
  it('emits what it held when the tree is quiet, as a batch', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a-b--c---------d-|   ', events)
      const subscription = '^------------------!   '
      const expected = '    -----------(ABC)---(D|)'
      expectObservable(source.pipe(settle(4))).toBe(expected, told({ 1: 'abc', 2: 'd' }))
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('numbers the batches from 1 on', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a-----b-----(cd)---------|', events)
      const expected = '    ----A-----B-----(CD)-----|'
      expectObservable(source.pipe(settle(4))).toBe(expected, told({ 1: 'a', 2: 'b', 3: 'cd' }))
    })
  })

  it('counts an event that comes just when the tree would be quiet', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a---b---------|', events)
      const expected = '    --------(AB)--|'
      expectObservable(source.pipe(settle(4))).toBe(expected, told({ 1: 'ab' }))
    })
  })

  it('emits what it holds when the input completes', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  -a-b|      ', events)
      const expected = '    ----(AB|)  '
      expectObservable(source.pipe(settle(4))).toBe(expected, told({ 1: 'ab' }))
    })
  })

  it('drops what it holds on error', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  -a-b#      ', events)
      const expected = '    ----#      '
      expectObservable(source.pipe(settle(4))).toBe(expected, events)
    })
  })

  it('drops what it holds on unsubscribe', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-------', events)
      const subscription = '^---!      '
      const expected = '    -----------'
      expectObservable(source.pipe(settle(4)), subscription).toBe(expected, events)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('lets control events pass at once and unchanged, and ends the batch before MONITOR_STOP', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a-o-----b-s-----|', events)
      const expected = '    --o-A-----(Bs)--|'
      expectObservable(source.pipe(settle(4))).toBe(expected, told({ 1: 'a', 2: 'b' }))
    })
  })

  it('is not put off by control events', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a--o-------|', events)
      const expected = '    ---oA------|'
      expectObservable(source.pipe(settle(4))).toBe(expected, told({ 1: 'a' }))
    })
  })

  it('batches what comes at once when the quiet time is 0', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  -(abc)-d----|', events)
      const expected = '    -(ABC)-D----|'
      expectObservable(source.pipe(settle(0))).toBe(expected, told({ 1: 'abc', 2: 'd' }))
    })
  })

  it('ends a batch that goes on after maxWait', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a--b--c---------d----|', events)
      const expected = '    -------(ABC)--------D|'
      expectObservable(source.pipe(settle(4, { maxWait: 7 }))).toBe(expected, told({ 1: 'abc', 2: 'd' }))
    })
  })

  it('measures maxWait from the first event of each batch', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a--b-c-d---------|', events)
      const expected = '    -----(ABC)-D-----|'
      expectObservable(source.pipe(settle(4, { maxWait: 5 }))).toBe(expected, told({ 1: 'abc', 2: 'd' }))
    })
  })

  it('ends a batch of maxEvents at once', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a-b-----c-------|', events)
      const expected = '    --(AB)------C---|'
      expectObservable(source.pipe(settle(4, { maxEvents: 2 }))).toBe(expected, told({ 1: 'ab', 2: 'c' }))
    })
  })

  it('replaces the batch that an event had before', () => {
    marbles(({ hot, expectObservable }) => {
      const read = { a: events.a.with({ batchId: 9, batchSize: 9 }) }
      expectObservable(hot('a|', read).pipe(settle(4))).toBe('-(A|)', told({ 1: 'a' }))
    })
  })

  it('batches events that have no path yet', () => {
    const unnamed = fileEvent({ filePath: '' })
    marbles(({ hot, expectObservable }) => {
      const expected = { u: unnamed.with({ batchId: 1, batchSize: 1 }) }
      expectObservable(hot('u|', { u: unnamed }).pipe(settle(4))).toBe('-(u|)', expected)
    })
  })

  it('tells the batch to its end when the input completes in the midst of it', () => {
    const input = new Subject<FileEvent>()
    const out: string[] = []
    input.pipe(settle(4, { maxEvents: 2 })).subscribe({
      next(event) {
        out.push(`${event.filePath} ${event.batchId}/${event.batchSize}`)
        if (out.length > 1) return
        input.next(events.c)
        input.complete()
      },
      complete: () => out.push('complete'),
    })
    input.next(events.a)
    input.next(events.b)
    expect(out).toEqual(['/a 1/2', '/b 1/2', '/c 2/1', 'complete'])
  })

  it('stops in the midst of a batch when it is unsubscribed from', () => {
    const input = new Subject<FileEvent>()
    const out: string[] = []
    const subscription = input.pipe(settle(4, { maxEvents: 3 })).subscribe((event) => {
      out.push(event.filePath)
      if (out.length === 2) subscription.unsubscribe()
    })
    for (const event of [events.a, events.b, events.c]) input.next(event)
    expect(out).toEqual(['/a', '/b'])
  })

  it('sets one timer, not one an event', () => {
    const virtual = new VirtualTimeScheduler()
    const input = new Subject<FileEvent>()
    const subscription = input.pipe(settle(100, { scheduler: virtual })).subscribe()
    for (let index = 0; index < 1000; index++) input.next(events.a)
    expect(virtual.actions).toHaveLength(1)
    subscription.unsubscribe()
    expect(virtual.actions).toHaveLength(0)
  })

  describe('with a clock of its own', () => {
    let now = 0
    let delays: number[] = []
    let fire: () => void = () => undefined
    const idle = new VirtualTimeScheduler()
    const scheduler: SchedulerLike = {
      now: () => now,
      schedule: (work, delay = 0) => {
        delays.push(delay)
        fire = work as () => void
        return idle.schedule(() => undefined, delay)
      },
    }
    const start = () => {
      now = 1_000_000
      delays = []
      const input = new Subject<FileEvent>()
      const out: string[] = []
      input.pipe(settle(100, { scheduler })).subscribe((event) => out.push(event.filePath))
      return { input, out }
    }

    it('lets the event loop turn once more before it calls the tree quiet, for it may have been blocked', () => {
      const { input, out } = start()
      input.next(events.a)
      now += 5000
      fire()
      input.next(events.b)
      fire()
      expect(out).toEqual([])
      expect(delays).toEqual([100, 0, 100])
      now += 100
      fire()
      fire()
      expect(out).toEqual(['/a', '/b'])
    })

    it('does not wait longer when the clock is set back', () => {
      const { input, out } = start()
      input.next(events.a)
      now -= 3_600_000
      fire()
      fire()
      expect(out).toEqual(['/a'])
    })
  })

  it('works on real time', async () => {
    const batches = await new Promise<FileEvent[]>((resolve) => {
      const out: FileEvent[] = []
      new Observable<FileEvent>((subscriber) => {
        subscriber.next(events.a)
        subscriber.next(events.b)
      })
        .pipe(settle(5))
        .subscribe((event) => {
          out.push(event)
          if (out.length === event.batchSize) resolve(out)
        })
    })
    expect(batches).toEqual([told({ 1: 'ab' }).A, told({ 1: 'ab' }).B])
  })

  it('shows itself to the plan', () => {
    expect(operatorInfo(settle(4, { maxWait: 9, scheduler: asapScheduler }))).toEqual({
      name: 'settle',
      options: { quietMs: 4, maxWait: 9, maxEvents: 100_000 },
    })
    expect(operatorInfo(settle(4, { maxEvents: 7 })).options).toEqual({ quietMs: 4, maxEvents: 7 })
  })

  it.each([
    [-1, {}, 'quietMs'],
    [NaN, {}, 'quietMs'],
    ['100', {}, 'quietMs'],
    [undefined, {}, 'quietMs'],
    [2 ** 31, {}, 'quietMs'],
    [100, { maxWait: 99 }, 'maxWait'],
    [100, { maxWait: 'long' }, 'maxWait'],
    [100, { maxEvents: 0 }, 'maxEvents'],
    [100, { maxEvents: 1.5 }, 'maxEvents'],
    [100, { maxEvents: Infinity }, 'maxEvents'],
    [100, { maxEvents: '7' }, 'maxEvents'],
    [100, { scheduler: {} }, 'scheduler'],
    [100, { maxwait: 200 }, 'maxwait'],
    [100, 200, 'options'],
  ])('refuses %p, %p', (quietMs, options, path) => {
    let error: unknown
    try {
      settle(quietMs as number, options as SettleOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => settle(10))) it(name, run)
    for (const { name, run } of operatorLaws(() => settle(10, { maxWait: 30, maxEvents: 3 }))) {
      it(`with maxWait and maxEvents: ${name}`, run)
    }
  })
})
