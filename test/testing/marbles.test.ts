import { describe, expect, it } from '@jest/globals'
import { asyncScheduler, delay, map } from 'rxjs'
import { fileEvent, marbles } from '../../src/testing/index.js'

const values = {
  a: fileEvent('CREATE /a'),
  b: fileEvent('RENAME /a -> /b', { seq: 2, isDirectory: true }),
  c: fileEvent('MOVED_TO /c #7', { seq: 3 }),
}

function failure(work: () => void): string {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('the test passed')
}

describe('marbles', () => {
  it('runs in virtual time and returns what the body returns', () => {
    const begun = asyncScheduler.now()
    const result = marbles(({ hot, expectObservable, expectSubscriptions, time }) => {
      const source = hot('  a---b|', values)
      const subscription = '^----!'
      const expected = '    60m a---(b|)'
      expectObservable(
        source.pipe(
          delay(3_600_000),
          map((event) => event),
        ),
      ).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
      return time('---|')
    })
    expect(result).toBe(3)
    expect(asyncScheduler.now() - begun).toBeLessThan(3_600_000)
  })

  it('takes events that say the same as equal', () => {
    marbles(({ hot, expectObservable }) => {
      const copies = { a: fileEvent('CREATE /a', { origin: { resolve: (e) => e, follow: () => undefined } }) }
      expectObservable(hot('a|', values)).toBe('a|', copies)
    })
  })

  it('tells what came at what time, and what was expected', () => {
    const message = failure(() =>
      marbles(({ hot, expectObservable }) => {
        expectObservable(hot('a-b-|', values)).toBe('ab-c|', values)
      }),
    )
    expect(message.split('\n')).toEqual([
      'The stream is not what was expected ("-" expected, "+" received):',
      '       0ms  CREATE /a (seq 1)',
      '  -    1ms  RENAME /a -> /b/ (seq 2)',
      '  +    2ms  RENAME /a -> /b/ (seq 2)',
      '  -    3ms  MOVED_TO /c #7 (seq 3)',
      '  +    4ms  complete',
      '  -    4ms  complete',
    ])
  })

  it('names the fields that differ', () => {
    const message = failure(() =>
      marbles(({ hot, expectObservable }) => {
        const other = values.a.with({ pid: 7, isDirectory: true })
        expectObservable(hot('a|', { a: other })).toBe('a|', values)
      }),
    )
    expect(message).toContain('isDirectory: expected false, received true')
    expect(message).toContain('pid: expected undefined, received 7')
    expect(message).not.toContain('seq: ')
  })

  it('tells of errors, of other values and of subscriptions', () => {
    const values_ = { x: { some: 'value' } }
    expect(
      failure(() =>
        marbles(({ hot, expectObservable }) => {
          expectObservable(hot('x#', values_, new Error('of the test'))).toBe('|')
        }),
      ),
    ).toMatch(/0ms {2}\{ some: 'value' \}[^]*1ms {2}error Error: of the test/)
    expect(
      failure(() =>
        marbles(({ hot, expectSubscriptions }) => {
          const source = hot('----', values)
          source.subscribe()
          expectSubscriptions(source.subscriptions).toBe('^-!')
        }),
      ),
    ).toContain('subscribed at 0ms, unsubscribed at never')
  })

  it('fails when the body does', () => {
    expect(
      failure(() =>
        marbles(() => {
          throw new Error('of the body')
        }),
      ),
    ).toBe('of the body')
  })
})
