import { describe, expect, it } from '@jest/globals'
import { of, toArray, type Observable } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import type { FileEvent, ProcessDetails } from '../../src/events/index.js'
import { byProcess, type ByProcessOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

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
  resolution: 'live',
}
const vim = { ...make, pid: 8, name: 'vim', exePath: '/usr/local/bin/vim', uid: 0, username: 'root' }
const unknown = { processDetails: null, processUnknown: 'exited' }

const values = {
  a: fileEvent('MODIFY /a', { processDetails: make }),
  b: fileEvent('MODIFY /b', { processDetails: vim }),
  c: fileEvent('MODIFY /c', { processDetails: make }),
  d: fileEvent('MODIFY /d', unknown),
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

const passed = (options: ByProcessOptions): unknown =>
  collect(of(values.a, values.b, values.d).pipe(byProcess(options)))

describe('byProcess', () => {
  it('lets pass what the process did', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b--c--d--|', values)
      const subscription = '^-------------!'
      const expected = '    --a-----c-----|'
      expectObservable(source.pipe(byProcess({ name: 'make' }))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('lets control events pass', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-bod-|', values).pipe(byProcess({ name: 'make' }))).toBe('--o--|', values)
    })
  })

  it.each<[ByProcessOptions, string[]]>([
    [{ name: ['vim', 'make'] }, ['/a', '/b']],
    [{ exe: '/usr/bin/make' }, ['/a']],
    [{ exe: '/usr/**' }, ['/a', '/b']],
    [{ exe: '/usr/bin/*' }, ['/a']],
    [{ exe: 'make' }, []],
    [{ user: 'ann' }, ['/a']],
    [{ user: 0 }, ['/b']],
    [{ user: ['ann', 0] }, ['/a', '/b']],
    [{ pid: 7 }, ['/a']],
    [{ pid: [8, 9] }, ['/b']],
    [{ name: 'make', user: 'root' }, []],
    [{ name: 'make', exe: '**/make', user: 1000, pid: 7 }, ['/a']],
  ])('%p', (options, paths) => {
    expect(passed(options)).toEqual(paths)
  })

  it('takes nothing that is not known for what is asked for', () => {
    const blank = { ...make, name: null, exePath: null, uid: null, username: null }
    const event = fileEvent('MODIFY /a', { processDetails: blank })
    for (const options of [{ name: 'make' }, { exe: '**' }, { user: 0 }, { user: 'ann' }]) {
      expect(collect(of(event).pipe(byProcess(options)))).toEqual([])
    }
  })

  it('says that it needs enrichProcess', () => {
    const error = collect(of(fileEvent('MODIFY /a')).pipe(byProcess({ pid: 1 })))
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({
      code: 'FSFLOW_INVALID_PIPELINE',
      hint: 'Put enrichProcess() before byProcess.',
    })
  })

  it('shows itself to the plan', () => {
    const info = operatorInfo(byProcess({ name: 'make' }))
    expect(info).toMatchObject({ name: 'byProcess', options: { name: 'make' }, transparent: true })
    expect(info.needsTypes?.(new Set(['OPEN']))).toEqual(new Set(['OPEN']))
  })

  it.each([
    [{}, 'options'],
    [{ name: undefined }, 'options'],
    [{ name: 7 }, 'name'],
    [{ name: '' }, 'name'],
    [{ name: [] }, 'name'],
    [{ exe: ['/a', null] }, 'exe[1]'],
    [{ user: -1 }, 'user'],
    [{ user: ['ann', true] }, 'user[1]'],
    [{ pid: '7' }, 'pid'],
    [{ pid: 0 }, 'pid'],
    [{ comm: 'make' }, 'comm'],
    ['make', 'options'],
  ])('refuses %p', (options, path) => {
    expect(() => byProcess(options as ByProcessOptions)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', path }),
    )
  })

  describe('laws', () => {
    const samples = [values.a, values.b, values.d, values.c]
    for (const { name, run } of operatorLaws(() => byProcess({ name: 'make' }), samples)) it(name, run)
  })
})
