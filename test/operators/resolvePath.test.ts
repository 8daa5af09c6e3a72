import { describe, expect, it } from '@jest/globals'
import { operatorInfo } from '../../src/contracts/index.js'
import type { EventOrigin, FileEvent } from '../../src/events/index.js'
import { resolvePath } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

function origin(path: string): EventOrigin {
  return { resolve: (event) => event.with({ filePath: path, root: '/r' }), follow: () => undefined }
}

function unresolved(seq: number, path: string): FileEvent {
  return fileEvent({ seq, origin: origin(path) })
}

describe('resolvePath', () => {
  it('gives each event its path', () => {
    const values = {
      a: unresolved(1, '/r/a'),
      b: fileEvent('MODIFY /r/b', { origin: origin('/elsewhere') }),
      c: unresolved(2, '/r/c'),
      A: fileEvent('MODIFY /r/a', { seq: 1, root: '/r' }),
      C: fileEvent('MODIFY /r/c', { seq: 2, root: '/r' }),
    }
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b--c--|', values)
      const subscription = '^----------!'
      const expected = '    --A--b--C--|'
      expectObservable(source.pipe(resolvePath())).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('asks the watch table when the event comes, not earlier', () => {
    let path = '/old'
    const event = fileEvent({
      origin: { resolve: (same) => same.with({ filePath: path }), follow: () => undefined },
    })
    const values = {
      a: event,
      r: fileEvent('RENAME /old/ -> /new/'),
      o: fileEvent('MODIFY /old'),
      n: fileEvent('MODIFY /new'),
    }
    marbles(({ hot, expectObservable }) => {
      const source = hot('  --a--r--a--', values)
      const expected = '    --o--r--n--'
      source.subscribe(({ eventType }) => (path = eventType === 'RENAME' ? '/new' : path))
      expectObservable(source.pipe(resolvePath())).toBe(expected, values)
    })
  })

  it('passes what has no path and no origin: an event about the stream, or one read from a file', () => {
    const values = { w: fileEvent('OVERFLOW'), x: fileEvent({ filePath: '' }) }
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-w-x-|', values).pipe(resolvePath())).toBe('-w-x-|', values)
    })
  })

  it('fails when the watch table fails', () => {
    const failure = new Error('no such node')
    const event = fileEvent({
      origin: {
        resolve: () => {
          throw failure
        },
        follow: () => undefined,
      },
    })
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-a--|', { a: event }).pipe(resolvePath())).toBe('-#', undefined, failure)
    })
  })

  it('tells the plan that paths are there after it and that it wants nothing more', () => {
    const info = operatorInfo(resolvePath())
    expect(info).toMatchObject({ name: 'resolvePath', providesPath: true, transparent: true })
    expect(info.needsTypes?.(new Set(['MODIFY']))).toEqual(new Set(['MODIFY']))
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(resolvePath)) it(name, run)
  })
})
