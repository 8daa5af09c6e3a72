import { describe, expect, it } from '@jest/globals'
import { of, toArray, type Observable } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import type { FileEvent, ProcessDetails } from '../../src/events/index.js'
import { byAncestor, type ByAncestorOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

const init = { pid: 1, name: 'init', exePath: '/sbin/init' }
const make: ProcessDetails = {
  pid: 7,
  ppid: 1,
  name: 'make',
  exePath: '/usr/bin/make',
  cmdline: ['make'],
  cwd: '/',
  uid: 1000,
  gid: 1000,
  username: 'ann',
  state: 'S',
  startTime: '2023-12-31T00:00:00.000Z',
  ancestors: [init],
  resolution: 'live',
}
const shell = { pid: 9, name: 'sh', exePath: '/bin/dash' }
const compiler: ProcessDetails = {
  ...make,
  pid: 10,
  ppid: 9,
  name: 'cc',
  exePath: '/usr/bin/cc',
  ancestors: [shell, { pid: 7, name: 'make', exePath: '/usr/bin/make' }, init],
}
const vim = { ...make, pid: 8, name: 'vim', exePath: '/usr/bin/vim' }

const values = {
  a: fileEvent('MODIFY /a', { processDetails: make }),
  b: fileEvent('MODIFY /b', { processDetails: compiler }),
  c: fileEvent('MODIFY /c', { processDetails: vim }),
  d: fileEvent('MODIFY /d', { processDetails: null, processUnknown: 'exited' }),
  o: fileEvent('OVERFLOW'),
}

function collect(source: Observable<FileEvent>): unknown {
  let result: unknown
  source.pipe(toArray()).subscribe({
    next: (events) => (result = events.map((event) => event.filePath)),
    error: (error: unknown) => (result = error),
  })
  return result
}

describe('byAncestor', () => {
  it('lets pass what the process did and what it started', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b--c--d--|', values)
      const subscription = '^-------------!'
      const expected = '    --a--b--------|'
      expectObservable(source.pipe(byAncestor({ name: 'make' }))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('lets control events pass', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-cod-|', values).pipe(byAncestor({ name: 'make' }))).toBe('--o--|', values)
    })
  })

  it.each<[ByAncestorOptions, string[]]>([
    [{ pid: 9 }, ['/b']],
    [{ pid: 1 }, ['/a', '/b', '/c']],
    [{ exe: '/bin/dash' }, ['/b']],
    [{ exe: '/usr/bin/*' }, ['/a', '/b', '/c']],
    [{ name: ['sh', 'vim'] }, ['/b', '/c']],
    // One process must meet it all, not one this and another one that.
    [{ name: 'make', pid: 9 }, []],
    [{ name: 'make', pid: 7 }, ['/a', '/b']],
  ])('%p', (options, paths) => {
    const source = of(values.a, values.b, values.c, values.d)
    expect(collect(source.pipe(byAncestor(options)))).toEqual(paths)
  })

  it('knows of the process itself where its ancestors are not known', () => {
    const alone = fileEvent('MODIFY /a', { processDetails: { ...make, ancestors: null } })
    expect(collect(of(alone).pipe(byAncestor({ name: 'make' })))).toEqual(['/a'])
    expect(collect(of(alone).pipe(byAncestor({ name: 'init' })))).toEqual([])
  })

  it.each([
    [{}, 'Put enrichProcess() before byAncestor.'],
    [
      { processDetails: { ...make, ancestors: undefined } },
      "Write enrichProcess({ fields: ['ancestors'] }).",
    ],
  ])('says that it needs enrichProcess (%#)', (fields, hint) => {
    const event = fileEvent('MODIFY /a', fields as Partial<FileEvent>)
    const error = collect(of(event).pipe(byAncestor({ name: 'make' })))
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_PIPELINE', hint })
  })

  it('shows itself to the plan', () => {
    const info = operatorInfo(byAncestor({ pid: 7 }))
    expect(info).toMatchObject({ name: 'byAncestor', options: { pid: 7 }, transparent: true })
    expect(info.needsTypes?.(new Set(['OPEN']))).toEqual(new Set(['OPEN']))
  })

  it.each([
    [{}, 'options'],
    [{ name: 7 }, 'name'],
    [{ exe: [] }, 'exe'],
    [{ pid: [1.5] }, 'pid[0]'],
    [{ user: 'ann' }, 'user'],
    [null, 'options'],
  ])('refuses %p', (options, path) => {
    expect(() => byAncestor(options as ByAncestorOptions)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', path }),
    )
  })

  describe('laws', () => {
    const samples = [values.a, values.b, values.c, values.d]
    for (const { name, run } of operatorLaws(() => byAncestor({ name: 'make' }), samples)) it(name, run)
  })
})
