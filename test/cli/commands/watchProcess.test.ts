import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { WireEvent } from '../../../src/events/index.js'
import { program, root } from '../../helpers/requirements.js'
import { itAsRoot, itWith } from '../../helpers/requires.js'
import { userNamespace } from '../../helpers/bindings.js'
import { fsflowTogether, start, temporaryFolder, type Running } from '../fsflow.js'

let place: ReturnType<typeof temporaryFolder>
let rootPath: string
let running: Running | undefined

beforeEach(() => {
  place = temporaryFolder()
  rootPath = join(place.path, 'root')
  mkdirSync(rootPath)
})
afterEach(() => {
  running?.kill('SIGKILL')
  place.remove()
})

/** Does work while `fsflow watch root` runs, until `last` is told. */
async function watch(
  args: readonly string[],
  work: string,
  last: string,
  prefix: readonly string[] = [],
): Promise<WireEvent[]> {
  running = start(['watch', 'root', '-o', 'ndjson', ...args], { cwd: place.path, prefix })
  await running.line(/MONITOR_START/)
  execFileSync('sh', ['-c', work], { cwd: rootPath })
  await running.line(new RegExp(`/${last}"`))
  running.kill('SIGTERM')
  const { code, stdout, stderr } = await running.ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as WireEvent)
}

const names = (events: readonly WireEvent[]): string[] =>
  events
    .filter(({ control_details: control }) => control === undefined)
    .map(({ event_type: type, file_path: path }) => `${type} ${path.slice(rootPath.length + 1)}`)

describe('fsflow watch, and who did it', () => {
  itAsRoot('says it by fanotify where that can be had, with the fields that are asked for', async () => {
    const events = await watch(['--process=ancestors,num_threads'], 'touch made; touch last', 'last')
    const made = events.find(({ file_path: path }) => path === join(rootPath, 'made'))!
    expect(made.source).toBe('fanotify')
    expect(made.process_details).toMatchObject({ uid: process.getuid!() })
    const { exe_path: exe, ppid, ancestors } = made.process_details!
    expect(exe).toMatch(/\/(touch|busybox|coreutils)$/)
    const [parent, grandparent] = ancestors!
    expect(parent).toMatchObject({ pid: ppid, exe_path: expect.stringMatching(/sh$/) })
    expect(grandparent).toMatchObject({ pid: process.pid })
  })

  itAsRoot('tells what processes of a name did', async () => {
    const events = await watch(['--by', 'mkdir', '--by', 'touch'], 'echo > no; mkdir yes; touch last', 'last')
    expect(names(events)).not.toContain('CREATE no')
    expect(names(events)).toContain('CREATE yes')
    expect(names(events)).toContain('CREATE last')
  })

  itAsRoot('tells what a process and all that it has started did', async () => {
    const job = join(place.path, 'the-job')
    writeFileSync(job, '#!/bin/sh\ntouch yes\nsh -c "mkdir deep; mkdir last; true"\ntrue\n', { mode: 0o755 })
    const events = await watch(['--by-ancestor', 'the-job'], `touch no; '${job}'`, 'last')
    expect(names(events)).not.toContain('CREATE no')
    expect(names(events)).toEqual(expect.arrayContaining(['CREATE yes', 'CREATE deep', 'CREATE last']))
  })

  itWith(
    [root, program('make')],
    'tells every file that a build touched, and none that another process touched',
    async () => {
      const targets = Array.from({ length: 40 }, (_, index) => String(index))
      writeFileSync(
        join(place.path, 'Makefile'),
        `last: ${targets.map((name) => `out/${name}.o`).join(' ')}
\ttouch last
out/%.o:
\tmkdir tmp/$*
\techo $* > tmp/$*/part && cp tmp/$*/part $@.new && mv $@.new $@ && rm -r tmp/$*
`,
      )
      const other = 'i=0; while [ ! -e last ]; do echo > out/other-$i; mkdir tmp/other-$i; i=$((i + 1)); done'
      const work = `mkdir out tmp; sh -c '${other}' & make -f ../Makefile -j4 --silent; wait`
      const events = await watch(['--by-ancestor', 'make'], work, 'last')
      const told = new Set<string>()
      for (const { control_details: control, file_path: path, old_path: old } of events) {
        if (control !== undefined) continue
        told.add(path.slice(rootPath.length + 1))
        if (old !== undefined) told.add(old.slice(rootPath.length + 1))
      }
      const touched = targets.flatMap((name) => [
        `tmp/${name}`,
        `tmp/${name}/part`,
        `out/${name}.o.new`,
        `out/${name}.o`,
      ])
      expect([...told].sort()).toEqual([...touched, 'last'].sort())
      expect(existsSync(join(rootPath, 'out/other-0'))).toBe(true)
    },
  )

  itAsRoot('takes a mark for each directory when it is told to', async () => {
    const events = await watch(
      ['--source', 'fanotify', '--scope', 'tree'],
      'mkdir -p a/b; touch a/b/last',
      'last',
    )
    expect(names(events)).toEqual(expect.arrayContaining(['CREATE a', 'CREATE a/b', 'CREATE a/b/last']))
    expect(events[0]!.source).toBe('fanotify')
  })

  itWith([userNamespace], 'takes inotify where fanotify cannot be had, and says so', async () => {
    const events = await watch([], 'mkdir last', 'last', ['unshare', '-Ur'])
    expect(events[0]!.control_details!.message).toMatch(/^watching 1 directory by inotify: fanotify needs /)
    expect(events[1]).toMatchObject({ source: 'inotify', event_type: 'CREATE' })
  })

  it('refuses flags that the source does not have', async () => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [['--source', 'fanotify', '--poll', 'off'], '--poll does not go with --source fanotify'],
      [['--source', 'fanotify', '--repair', 'full'], '--repair does not go with --source fanotify'],
      [['--source', 'inotify', '--scope', 'tree'], '--scope does not go with --source inotify'],
      [['--source', 'nothing'], '--source: there is no "nothing"'],
      [['--process=nothing'], '--process: there is no "nothing"'],
      [['--process-fields', 'limits'], '--process-fields needs --process'],
      [['--by', ''], 'watch: by must be the name of a process'],
    ]
    const lines = wrong.map(([args]) => ['watch', 'root', ...args])
    const told = await fsflowTogether(lines, place.path)
    for (const [index, [, message]] of wrong.entries()) {
      const { code, stderr } = told.get(lines[index]!.join(' '))!
      expect(stderr).toContain(`fsflow: error: ${message}`)
      expect(code).toBe(2)
    }
  })
})
