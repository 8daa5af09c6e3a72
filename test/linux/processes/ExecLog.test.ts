import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { OpenedProgram } from '../../../src/linux/processes/ExecGroup.js'
import { ExecLog } from '../../../src/linux/processes/ExecLog.js'
import type { ProgramKind } from '../../../src/linux/processes/programKind.js'

const kinds: Record<string, ProgramKind | null> = {
  sh: 'dynamic',
  touch: 'dynamic',
  busybox: 'static',
  'run.py': 'script',
  text: 'other',
  'ld.so': 'loader',
  gone: null,
}

function opened(names: string, pid = 7): OpenedProgram[] {
  return names.split(' ').map((name) => {
    const kind = kinds[name] ?? null
    return { pid, path: `/bin/${name}`, key: name, identity: kind === null ? null : `1:${name}`, kind }
  })
}

/** What is told of each of so many execs, all of them known from the first on. */
function execs(names: string, count: number): (string | undefined)[] {
  const log = new ExecLog()
  log.add(opened(names))
  return Array.from({ length: count }, (_, index) => log.exec(7, count - 1 - index)?.path)
}

describe('ExecLog', () => {
  it.each<[string, string[]]>([
    ['sh ld.so', ['/bin/sh']],
    ['busybox', ['/bin/busybox']],
    ['run.py sh ld.so', ['/bin/sh']],
    ['run.py busybox', ['/bin/busybox']],
    // A text without #! cannot be executed; the shell that runs it instead can.
    ['text sh ld.so', ['/bin/sh']],
    ['gone ld.so', ['/bin/gone']],
    ['gone', ['/bin/gone']],
    ['run.py sh ld.so touch ld.so', ['/bin/sh', '/bin/touch']],
    // The loader's second record was merged with the first.
    ['sh ld.so touch', ['/bin/sh', '/bin/touch']],
    ['busybox busybox', ['/bin/busybox', '/bin/busybox']],
  ])('%s is %p', (names, paths) => {
    expect(execs(names, paths.length)).toEqual(paths)
  })

  it.each([
    // A record was merged, or an exec failed: numbers differ.
    ['sh ld.so touch', 3],
    ['sh ld.so touch ld.so', 1],
    // Was it a script, or a program of its own?
    ['gone sh ld.so', 1],
    ['ld.so', 1],
    ['run.py', 1],
  ])('nothing is certain of %s and %i execs', (names, count) => {
    expect(execs(names, count)).toEqual(Array<undefined>(count).fill(undefined))
  })

  it('tells the name that was executed', () => {
    const log = new ExecLog()
    log.add(opened('run.py sh ld.so'))
    expect(log.exec(7, 0)).toEqual({
      path: '/bin/sh',
      key: 'sh',
      identity: '1:sh',
      invoked: '/bin/run.py',
    })
  })

  it('keeps what was opened for an exec that is yet to come', () => {
    const log = new ExecLog()
    log.add(opened('sh ld.so touch ld.so'))
    expect(log.exec(7, 1)?.path).toBe('/bin/sh')
    expect(log.hasOpened(7)).toBe(true)
    expect(log.exec(7, 0)?.path).toBe('/bin/touch')
    expect(log.hasOpened(7)).toBe(false)
  })

  it('is certain again once the numbers agree', () => {
    const log = new ExecLog()
    log.add(opened('sh ld.so touch ld.so'))
    expect(log.exec(7, 0)).toBeUndefined()
    expect(log.exec(7, 0)?.path).toBe('/bin/touch')
  })

  it('does not count execs of which nothing was opened', () => {
    const log = new ExecLog()
    expect(log.exec(7, 0)).toBeUndefined()
    log.add(opened('touch ld.so'))
    expect(log.exec(7, 0)?.path).toBe('/bin/touch')
  })

  it('keeps processes apart, and forgets', () => {
    const log = new ExecLog()
    log.add([...opened('sh', 7), ...opened('touch', 8), ...opened('ld.so', 7), ...opened('ld.so', 8)])
    log.forget(7)
    expect(log.exec(7, 0)).toBeUndefined()
    expect(log.exec(8, 0)?.path).toBe('/bin/touch')
  })

  it('tells only programs that were opened and can run, whatever was opened', () => {
    const names = fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 5 }), (list, count) => {
        const runnable = list.filter((name) => !['script', 'other', 'loader'].includes(kinds[name]!))
        for (const path of execs(list.join(' '), count)) {
          if (path !== undefined) expect(runnable.map((name) => `/bin/${name}`)).toContain(path)
        }
      }),
    )
  })
})
