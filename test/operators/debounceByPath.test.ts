import { describe, expect, it } from '@jest/globals'
import { Subject, VirtualTimeScheduler, type SchedulerLike } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import { eventGroups, type FileEvent } from '../../src/events/index.js'
import { debounceByPath, type DebounceByPathOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

const values = {
  c: fileEvent('CREATE /a', { seq: 1 }),
  m: fileEvent('MODIFY /a', { seq: 2 }),
  w: fileEvent('CLOSE_WRITE /a', { seq: 3 }),
  C: fileEvent('CREATE /a', { seq: 3 }),
  M: fileEvent('CREATE /a', { seq: 2 }),
  x: fileEvent('MODIFY /b', { seq: 4 }),
  d: fileEvent('DELETE /b', { seq: 5 }),
  o: fileEvent('OVERFLOW', { seq: 6 }),
  s: fileEvent('MONITOR_STOP', { seq: 7 }),
}

describe('debounceByPath', () => {
  it('emits one event a burst for each path', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --c-m-w------x-d------|', values)
      const subscription = '^---------------------!'
      const expected = '    ----------C--------d--|'
      expectObservable(source.pipe(debounceByPath(4))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('measures the quiet time of each path by itself', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  m-x-m-m--------|', values)
      const expected = '    ------x---m----|'
      expectObservable(source.pipe(debounceByPath(4))).toBe(expected, values)
    })
  })

  it('tells paths in the order of their last events', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  (mxm)-----|', values)
      const expected = '    ----(xm)--|'
      expectObservable(source.pipe(debounceByPath(4))).toBe(expected, values)
    })
  })

  it('begins a new burst after a quiet time', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  c------m-----|', values)
      const expected = '    ----c------m-|'
      expectObservable(source.pipe(debounceByPath(4))).toBe(expected, values)
    })
  })

  it('emits what is pending when the input completes, in order', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -x-c-m|    ', values)
      const subscription = '^-----!    '
      const expected = '    -----x(M|) '
      expectObservable(source.pipe(debounceByPath(4))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('drops what is pending on error', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  --c-#      ', values)
      const expected = '    ----#      '
      expectObservable(source.pipe(debounceByPath(4))).toBe(expected, values)
    })
  })

  it('drops what is pending on unsubscribe', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --c-----m--', values)
      const subscription = '^---!      '
      const expected = '    -----------'
      expectObservable(source.pipe(debounceByPath(4)), subscription).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('lets control events pass at once, and tells all that is pending before MONITOR_STOP', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  c-o-----x-s-----|', values)
      const expected = '    --o-c-----(xs)--|'
      expectObservable(source.pipe(debounceByPath(4))).toBe(expected, values)
    })
  })

  it('folds what comes at once when the quiet time is 0', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  -(cmw)-|', values)
      const expected = '    -C-----|'
      expectObservable(source.pipe(debounceByPath(0))).toBe(expected, values)
    })
  })

  describe('with maxWait', () => {
    it('tells a burst that goes on', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  c-m-m-m-m-m-m-----|', values)
        const expected = '    ------M-------m---|'
        expectObservable(source.pipe(debounceByPath(4, { maxWait: 6 }))).toBe(expected, values)
      })
    })

    it('does not cut short the bursts of other paths', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  m-m-(mx)m--m-----|', values)
        const expected = '    ------m-x-----m--|'
        expectObservable(source.pipe(debounceByPath(4, { maxWait: 6 }))).toBe(expected, values)
      })
    })
  })

  describe('with leading', () => {
    it('tells the first event at once and the rest at the end', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  c-m-w------c-------|', values)
        const expected = '    c-------w--c-------|'
        expectObservable(source.pipe(debounceByPath(4, { leading: true }))).toBe(expected, values)
      })
    })

    it('knows what it has told: a file that is then deleted is told as deleted', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  x-d-------|', values)
        const expected = '    x-----d---|'
        expectObservable(source.pipe(debounceByPath(4, { leading: true }))).toBe(expected, values)
      })
      const made = { c: fileEvent('CREATE /a'), d: fileEvent('DELETE /a') }
      marbles(({ hot, expectObservable }) => {
        const source = hot('  d-c-d-------|', made)
        const expected = '    d-----------|'
        expectObservable(source.pipe(debounceByPath(4, { leading: true }))).toBe(expected, made)
      })
    })

    it('tells a rename at once when neither name has a burst', () => {
      const renames = {
        r: fileEvent('RENAME /a -> /b'),
        m: fileEvent('MODIFY /a'),
        w: fileEvent('MODIFY /b'),
      }
      marbles(({ hot, expectObservable }) => {
        const fresh = hot('   r-w-------|', renames)
        const told = '        r-----w---|'
        expectObservable(fresh.pipe(debounceByPath(4, { leading: true }))).toBe(told, renames)
        const going = hot('   m-r-------|', renames)
        const atTheEnd = '    m-----r---|'
        expectObservable(going.pipe(debounceByPath(4, { leading: true }))).toBe(atTheEnd, renames)
      })
    })
  })

  it('passes events that have no path yet', () => {
    const unnamed = { u: fileEvent({ filePath: '' }) }
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-uu|', unnamed).pipe(debounceByPath(4))).toBe('-uu|', unnamed)
    })
  })

  it('keeps one timer for all paths', () => {
    const virtual = new VirtualTimeScheduler()
    const input = new Subject<FileEvent>()
    const subscription = input.pipe(debounceByPath(100, { scheduler: virtual })).subscribe()
    for (let index = 0; index < 1000; index++) input.next(fileEvent(`MODIFY /${index}`))
    expect(virtual.actions).toHaveLength(1)
    subscription.unsubscribe()
    expect(virtual.actions).toHaveLength(0)
  })

  it('does not wait longer when the clock is set back', () => {
    let now = 1_000_000
    const delays: number[] = []
    let fire: () => void = () => undefined
    const virtual = new VirtualTimeScheduler()
    const scheduler: SchedulerLike = {
      now: () => now,
      schedule: (work, delay = 0) => {
        delays.push(delay)
        fire = work as () => void
        return virtual.schedule(() => undefined, delay)
      },
    }
    const out: string[] = []
    const input = new Subject<FileEvent>()
    input.pipe(debounceByPath(100, { scheduler })).subscribe((event) => out.push(event.filePath))
    input.next(values.m)
    now -= 3_600_000
    input.next(values.x)
    fire()
    expect(out).toEqual(['/a'])
    expect(Math.max(...delays)).toBe(100)
    now += 100
    fire()
    expect(out).toEqual(['/a', '/b'])
  })

  it('needs all changes, in order to fold them', () => {
    const { needsTypes } = operatorInfo(debounceByPath(4))
    expect(needsTypes?.(new Set(['OPEN', 'OVERFLOW']))).toEqual(
      new Set([...eventGroups.changes, 'OPEN', 'OVERFLOW']),
    )
  })

  it('shows itself to the plan', () => {
    expect(operatorInfo(debounceByPath(4, { maxWait: 9, leading: true }))).toMatchObject({
      name: 'debounceByPath',
      options: { quietMs: 4, maxWait: 9, leading: true },
      needsPath: true,
    })
    expect(operatorInfo(debounceByPath(4)).transparent).toBeUndefined()
    expect(operatorInfo(debounceByPath(4)).options).toEqual({ quietMs: 4, leading: false })
  })

  it.each([
    [-1, {}, 'quietMs'],
    [NaN, {}, 'quietMs'],
    ['100', {}, 'quietMs'],
    [undefined, {}, 'quietMs'],
    [2 ** 31, {}, 'quietMs'],
    [100, { maxWait: 99 }, 'maxWait'],
    [100, { maxWait: 'long' }, 'maxWait'],
    [100, { leading: 'yes' }, 'leading'],
    [100, { scheduler: {} }, 'scheduler'],
    [100, { scheduler: null }, 'scheduler'],
    [100, { maxwait: 200 }, 'maxwait'],
    [100, 200, 'options'],
  ])('refuses %p, %p', (quietMs, options, path) => {
    let error: unknown
    try {
      debounceByPath(quietMs as number, options as DebounceByPathOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => debounceByPath(10))) it(name, run)
    for (const { name, run } of operatorLaws(() => debounceByPath(10, { leading: true, maxWait: 30 }))) {
      it(`with leading and maxWait: ${name}`, run)
    }
  })
})
