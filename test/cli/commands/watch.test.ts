import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { eventSchema, type WireEvent } from '../../../src/events/index.js'
import { inotifyLimit } from '../../../src/linux/inotifyErrors.js'
import { itWith, mounting } from '../../helpers/requires.js'
import { until } from '../../helpers/until.js'
import { withFilesystem, withMount } from '../../helpers/withFilesystem.js'
import { fsflowTogether, start, temporaryFolder, type Running } from '../fsflow.js'

let place: ReturnType<typeof temporaryFolder>
let root: string
let running: Running | undefined

beforeEach(() => {
  place = temporaryFolder()
  root = join(place.path, 'root')
  mkdirSync(root)
})
afterEach(() => {
  running?.kill('SIGKILL')
  place.remove()
})

/** Starts `fsflow watch`, changes something when it is ready, and stops it when it has told of /end. */
async function watch(
  args: readonly string[],
  change: (process: Running) => Promise<void> | void,
  env: Record<string, string> = {},
) {
  running = start(['watch', ...args], { cwd: place.path, env })
  await running.line(/MONITOR_START/)
  await change(running)
  mkdirSync(join(root, 'end'))
  await running.line(/CREATE.*\/end|\/end.*CREATE/)
  running.kill('SIGTERM')
  return running.ended
}

async function events(
  args: readonly string[],
  change: (process: Running) => Promise<void> | void,
  env?: Record<string, string>,
) {
  const { stdout, code, stderr } = await watch(['-o', 'ndjson', ...args], change, env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as WireEvent)
}

const told = (list: readonly WireEvent[]): string[] =>
  list
    .filter(({ control_details: control }) => control === undefined)
    .filter(({ file_path: path }) => !path.endsWith('/end'))
    .map(({ event_type: type, file_path: path }) => `${type} ${path.slice(root.length)}`)

describe('fsflow watch', () => {
  it('--format prints the fields of a schema', async () => {
    const { stdout, code, stderr } = await watch(
      ['-o', 'ndjson', '--format', 'ocsf', 'root'],
      () => undefined,
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { class_uid: 0, metadata: { event_code: 'FSFLOW_MONITOR_START' } },
      { class_uid: 1001, activity_name: 'Create', file: { name: 'end', type_id: 2 } },
      { class_uid: 0, metadata: { event_code: 'FSFLOW_MONITOR_STOP' } },
    ])
  })

  it.each([
    [['--format', 'ecs'], '--format does not go with --output text'],
    [['-o', 'csv', '--format', 'ecs'], '--format does not go with --output csv'],
    [['-o', 'json', '--format', 'xml'], 'json, ecs, ocsf, cloudevents'],
  ])('%j is refused', async (args, message) => {
    running = start(['watch', 'root', ...args], { cwd: place.path })
    const { code, stderr } = await running.ended
    expect({ code, told: stderr.includes(message) }).toEqual({ code: 2, told: true })
  })

  it('tells every change below the path, MONITOR_START first and MONITOR_STOP last', async () => {
    const list = await events(['root'], async (process) => {
      mkdirSync(join(root, 'a/b'), { recursive: true })
      writeFileSync(join(root, 'a/b/file'), 'text')
      await process.line(/CREATE.*a\/b\/file/)
      renameSync(join(root, 'a/b'), join(root, 'c'))
      await process.line(/RENAME/)
      rmSync(join(root, 'c'), { recursive: true })
    })
    expect(list[0]!.event_type).toBe('MONITOR_START')
    expect(list.at(-1)!.event_type).toBe('MONITOR_STOP')
    expect(told(list)).toEqual(
      expect.arrayContaining(['CREATE /a', 'CREATE /a/b', 'RENAME /c', 'DELETE /c/file', 'DELETE /c']),
    )
    expect(list.every(({ event_type: type }) => type !== 'OPEN')).toBe(true)
    const numbers = list.map(({ seq }) => seq)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  it('--raw leaves renames as their halves, and so does naming one of them', async () => {
    for (const args of [['--raw'], ['--events', 'moved_from,MOVED_TO,create']]) {
      writeFileSync(join(root, 'x'), '')
      const list = await events(['root', ...args], () => renameSync(join(root, 'x'), join(root, 'y')))
      expect(told(list)).toEqual(['MOVED_FROM /x', 'MOVED_TO /y'])
      rmSync(join(root, 'end'), { recursive: true })
    }
  })

  it('--include and --exclude choose by globs, repeatably', async () => {
    const args = ['root', '--include', '*.ts', '--include', 'end', '--exclude', 'skip', '--exclude', 'b.*']
    const list = await events([...args, '--events', 'CREATE'], () => {
      mkdirSync(join(root, 'skip'))
      for (const name of ['a.ts', 'b.ts', 'a.js', 'skip/c.ts']) writeFileSync(join(root, name), '')
    })
    expect(told(list)).toEqual(['CREATE /a.ts'])
  })

  it('--events takes types and groups, in several lists', async () => {
    const list = await events(['root', '--events', 'create,delete', '--events', 'access'], () => {
      writeFileSync(join(root, 'x'), '')
      readFileSync(join(root, 'x'))
      rmSync(join(root, 'x'))
    })
    // What stood between the two OPENs was not asked for: the kernel may have merged them.
    const distinct = told(list).filter((line, index, all) => line !== all[index - 1])
    expect(distinct).toEqual(['CREATE /x', 'OPEN /x', 'CLOSE_NOWRITE /x', 'DELETE /x'])
  })

  it('--debounce tells a burst once', async () => {
    const list = await events(['root', '--debounce', '50'], () => {
      for (let i = 0; i < 20; i++) writeFileSync(join(root, 'x'), `${i}`)
    })
    expect(told(list)).toEqual(['CREATE /x'])
  })

  it('--metadata and --process add details', async () => {
    const list = await events(['root', '--metadata', '--process'], () =>
      writeFileSync(join(root, 'x'), 'abc'),
    )
    const written = list.find(({ event_type: type }) => type === 'CLOSE_WRITE')!
    expect(written.file_metadata).toMatchObject({ size: 3, file_type: 'file' })
    expect(written).toHaveProperty('process_details')
  })

  it('--preview and --diff add what was done to the content', async () => {
    const list = await events(['root', '-p', '--diff', '--debounce', '50'], async (process) => {
      writeFileSync(join(root, 'x'), 'one\n')
      writeFileSync(join(root, '.env'), 'KEY=1\n')
      await process.line(/CREATE.*\/x"/)
      writeFileSync(join(root, 'x'), 'one\ntwo\n')
      await process.line(/CLOSE_WRITE.*\/x"/)
    })
    const [made, written] = list.filter(({ file_path: path }) => path === join(root, 'x'))
    expect(made).toMatchObject({
      operation_details: { description: 'file created, with 4 bytes', size_change: 4 },
      content_preview: { before: null, after: 'one\n', before_missing: 'there was no such file' },
    })
    expect(written).toMatchObject({
      operation_details: { size_change: 4 },
      content_preview: {
        before: 'one\n',
        after: 'one\ntwo\n',
        diff_summary: '1 line added, 0 removed',
        diff: expect.stringMatching(/\n one\n\+two\n$/),
      },
    })
    const secret = list.find(({ file_path: path }) => path === join(root, '.env'))
    expect(secret!.content_preview).toMatchObject({
      after: null,
      after_missing: expect.stringMatching(/secrets/),
    })
  })

  it('-o text --long prints cards with all sections, and nothing that steers the terminal', async () => {
    const { stdout } = await watch(
      ['root', '--metadata', '--process', '--diff', '--long'],
      async (process) => {
        writeFileSync(join(root, 'x'), 'a\u001b[31mred\n')
        await process.line(/after +\| a\\x1B\[31mred/)
      },
    )
    const sections = new Set([...stdout.matchAll(/^ {2}(\w+)$/gm)].map((match) => match[1]))
    expect([...sections].sort()).toEqual(['content', 'event', 'file', 'operation', 'process', 'stream'])
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/\u001b/)
  })

  it('--long shows of a content its lines and no more, and no difference where there is none to make', async () => {
    const { stdout } = await watch(['root', '--diff', '--long'], async (process) => {
      writeFileSync(join(place.path, 'x'), 'one\n\ntwo\n')
      // A link is there with all of its bytes at once.
      linkSync(join(place.path, 'x'), join(root, 'x'))
      await process.line(/ CREATE .*\/x$/)
      rmSync(join(root, 'x'))
      await process.line(/ DELETE .*\/x$/)
    })
    const cards = stdout.split('\n\n').filter((card) => /^.*\/x\n/.test(card))
    expect(cards.map((card) => card.slice(card.indexOf('  operation\n')).split('\n'))).toEqual([
      [
        '  operation',
        '    description     file created, with 9 bytes',
        '    size change     +9 bytes',
        '  content',
        '    difference      3 lines added, 0 removed',
        '    before          not known: there was no such file',
        '    after           | one',
        '                    | ',
        '                    | two',
        '    diff            | --- /dev/null',
        `                    | +++ b${root}/x`,
        '                    | @@ -0,0 +1,3 @@',
        '                    | +one',
        '                    | +',
        '                    | +two',
      ],
      [
        '  operation',
        '    description     file deleted: it had 9 bytes',
        '    size change     -9 bytes',
        '  content',
        '    difference      not known',
        '    before          | one',
        '                    | ',
        '                    | two',
        '    after           not known: it was deleted',
      ],
    ])
  })

  it.each(['inotify', 'auto'])(
    '--source %s tells everything in lines that the JSON Schema accepts',
    async (source) => {
      const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(eventSchema)
      const names = ['plain', 'with "quotes" and a\nnewline', 'ü', 'x'.repeat(255)]
      const args = ['root', '--source', source, '--events', 'all', '--metadata', '--diff', '--process']
      const list = await events(args, async (process) => {
        const held = openSync(join(root, 'held'), 'w')
        writeSync(held, 'by this process, so that there is one to tell')
        await process.line(/MODIFY.*\/held/)
        closeSync(held)
        mkdirSync(join(root, 'a/b'), { recursive: true })
        await process.line(/CREATE.*a\/b"/)
        for (const name of names) {
          writeFileSync(join(root, 'a/b', name), 'text')
          readFileSync(join(root, 'a/b', name))
        }
        writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.of(0xff, 0xfe)]), '')
        symlinkSync('nowhere', join(root, 'a/link'))
        chmodSync(join(root, 'a/b/plain'), 0o600)
        renameSync(join(root, 'a/b'), join(root, 'c'))
        await process.line(/RENAME.*\/c"/)
        rmSync(join(root, 'c'), { recursive: true })
        await process.line(/DELETE.*\/c"/)
      })
      for (const wire of list) {
        validate(wire)
        expect([wire, validate.errors]).toEqual([wire, null])
      }
      const types = new Set(list.map(({ event_type: type }) => type))
      const kinds = [
        'CREATE',
        'OPEN',
        'ACCESS',
        'MODIFY',
        'ATTRIB',
        'CLOSE_WRITE',
        'CLOSE_NOWRITE',
        'RENAME',
        'DELETE',
      ]
      expect([...types]).toEqual(expect.arrayContaining(['MONITOR_START', ...kinds, 'MONITOR_STOP']))
      // Each kind of detail has been there.
      expect(list.some(({ file_metadata: metadata }) => metadata?.file_type === 'symlink')).toBe(true)
      expect(list.some(({ file_metadata: metadata }) => metadata === null)).toBe(true)
      expect(list.some(({ process_details: details }) => details?.pid === process.pid)).toBe(true)
      expect(list.some(({ operation_details: details }) => details?.size_change === 45)).toBe(true)
      expect(list.some(({ content_preview: preview }) => preview?.after?.startsWith('by this process'))).toBe(
        true,
      )
      expect(list.some(({ content_preview: preview }) => preview?.after_missing !== undefined)).toBe(true)
      // Who it was is always known by fanotify, which may be what auto is.
      const isUnknown = list.some(({ process_unknown: reason }) => reason !== undefined)
      expect(isUnknown).toBe(list[0]!.source === 'inotify')
      expect(list.some(({ file_path_bytes: bytes }) => bytes !== undefined)).toBe(true)
    },
  )

  it('--no-recursive tells of the directory itself alone', async () => {
    mkdirSync(join(root, 'a'))
    const list = await events(['root', '--no-recursive', '--events', 'CREATE'], () => {
      writeFileSync(join(root, 'a/below'), '')
      writeFileSync(join(root, 'x'), '')
    })
    expect(told(list)).toEqual(['CREATE /x'])
  })

  it('takes paths from -f, --file, --path, and as they stand, all together', async () => {
    const names = ['1.0', 'two', '-three', 'four words', '-five']
    for (const name of names) mkdirSync(join(place.path, name))
    const args = ['-f', '1.0', '--file', 'two', '--path=-three', 'four words', 'root', '--events', 'CREATE']
    args.push('--path=-five')
    const list = await events(args, () => {
      for (const name of names) writeFileSync(join(place.path, name, 'x'), '')
    })
    const made = list
      .map(({ file_path: path }) => path.slice(place.path.length))
      .filter((path) => /x$/.test(path))
    expect(made.sort()).toEqual(['/-five/x', '/-three/x', '/1.0/x', '/four words/x', '/two/x'])
  })

  it('takes what stands behind -- for paths when none stands before', async () => {
    mkdirSync(join(place.path, '-six'))
    const list = await events(['--events', 'CREATE', '--', '-six', 'root'], () => {
      writeFileSync(join(place.path, '-six/x'), '')
    })
    expect(list.map(({ file_path: path }) => path.slice(place.path.length))).toContain('/-six/x')
  })

  it('runs the command that stands behind a path once changes have settled, and ends it at a signal', async () => {
    const script = 'echo "ran for $FSFLOW_EVENTS"; cat > input; exec sleep 60'
    running = start(['watch', 'root', '--events', 'CREATE', '-o', 'ndjson', '--', 'sh', '-c', script], {
      cwd: place.path,
    })
    await running.line(/MONITOR_START/)
    mkdirSync(join(root, 'one'))
    await running.line(/^ran for 1$/)
    const input = join(place.path, 'input')
    await until(
      () => existsSync(input) && readFileSync(input, 'utf8').endsWith('}\n'),
      () => 'the input of the command',
    )
    expect((JSON.parse(readFileSync(input, 'utf8')) as WireEvent).file_path).toBe(join(root, 'one'))
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('watches FSFLOW_PATH when no path is given, and only then', async () => {
    const list = await events([], () => undefined, { FSFLOW_PATH: 'root' })
    expect(list.map(({ event_type: type }) => type)).toContain('CREATE')
    rmSync(join(root, 'end'), { recursive: true })
    const other = await events(['root'], () => undefined, { FSFLOW_PATH: 'nowhere' })
    expect(other[0]!.event_type).toBe('MONITOR_START')
  })

  it.each(['koffi', 'node-inotify'])('--binding %s', async (binding) => {
    const list = await events(['root', '--binding', binding, '--source', 'inotify'], () => undefined)
    expect(list.map(({ event_type: type }) => type)).toEqual(['MONITOR_START', 'CREATE', 'MONITOR_STOP'])
  })

  it('--wait-for-path tells of a path that comes to exist', async () => {
    const path = join(root, 'later')
    running = start(['watch', path, '--wait-for-path', '--on-watch-limit', 'poll'], { cwd: place.path })
    await running.line(/MONITOR_START/)
    mkdirSync(path)
    writeFileSync(join(path, 'x'), '')
    await running.line(/CREATE.*later\/x/)
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
  })

  it('--follow-symlinks tells what a link leads to, also when it leads elsewhere later', async () => {
    for (const name of ['one', 'two']) mkdirSync(join(place.path, name))
    symlinkSync('../one', join(root, 'link'))
    const args = ['root', '--follow-symlinks', '--poll-interval', '20', '--events', 'CREATE,DELETE']
    const list = await events(args, async (process) => {
      writeFileSync(join(place.path, 'one/x'), '')
      await process.line(/CREATE.*link\/x/)
      writeFileSync(join(place.path, 'two/y'), '')
      renameSync(join(place.path, 'one'), join(place.path, 'away'))
      symlinkSync('two', join(place.path, 'one'))
      await process.line(/CREATE.*link\/y/)
    })
    expect(told(list)).toEqual(['CREATE /link/x', 'DELETE /link/x', 'CREATE /link/y'])
  })

  itWith([mounting], '--poll auto, the default, compares what inotify does not see; off does not', () =>
    withFilesystem('tmpfs', async (scratch) => {
      for (const name of ['lower', 'upper', 'work']) mkdirSync(join(scratch, name))
      mkdirSync(join(root, 'over'))
      const layers = `lowerdir=${scratch}/lower,upperdir=${scratch}/upper,workdir=${scratch}/work`
      await withMount(['-t', 'overlay', '-o', layers, 'overlay'], join(root, 'over'), async () => {
        const below = (name: string) => writeFileSync(join(scratch, 'lower', name), '')
        running = start(['watch', 'root', '--source', 'inotify', '--poll-interval', '20'], {
          cwd: place.path,
        })
        await running.line(/FSFLOW_BLIND/, 'stderr')
        await running.line(/MONITOR_START/)
        below('seen')
        await running.line(/CREATE.*over\/seen/)
        running.kill('SIGTERM')
        const { stderr } = await running.ended
        expect(stderr).toContain(`Set poll: 'off', or --poll off, where only this machine changes it.`)
        const list = await events(
          ['root', '--source', 'inotify', '--poll', 'off', '--events', 'CREATE'],
          () => below('unseen'),
        )
        expect(told(list)).toEqual([])
      })
    }),
  )

  it.each([
    ['full', ['OVERFLOW', 'RECOVERED']],
    ['off', ['OVERFLOW']],
  ])('--repair %s', async (repair, controls) => {
    for (const name of ['a', 'b']) writeFileSync(join(root, name), '')
    const list = await events(
      ['root', '--source', 'inotify', '--repair', repair, '--events', 'CREATE'],
      async (process) => {
        process.kill('SIGSTOP')
        await until(
          () => /^State:\tT/m.test(readFileSync(`/proc/${process.pid}/status`, 'utf8')),
          () => 'the halt of the process',
        )
        // Records that the kernel does not merge, more than its queue holds.
        const most = inotifyLimit('max_queued_events')!
        for (let i = 0; i <= most / 2 + 1; i++)
          for (const name of ['a', 'b']) utimesSync(join(root, name), i, i)
        mkdirSync(join(root, 'lost'))
        process.kill('SIGCONT')
        await process.line(controls.at(-1) === 'OVERFLOW' ? /OVERFLOW/ : /RECOVERED/)
      },
    )
    const types = list.map(({ event_type: type }) => type).filter((type) => type !== 'CREATE')
    expect(types).toEqual(['MONITOR_START', ...controls, 'MONITOR_STOP'])
    expect(told(list)).toEqual(repair === 'full' ? ['CREATE /lost'] : [])
  })

  const wrong: readonly (readonly [readonly string[], string])[] = [
    [['--poll', 'on'], '--poll: there is no "on" (FSFLOW_USAGE)\nfsflow: hint: There is: auto, off.'],
    [['--poll-interval', '5'], '--poll-interval: "5" is not a whole number from 10 to 86400000'],
    [['--poll-interval', '100', '--poll-interval', '200'], '--poll-interval is given more than once'],
    [['--repair', 'on'], '--repair: there is no "on"'],
    [['--follow-symlinks=yes'], '--follow-symlinks=yes: "yes" is neither true nor false'],
    [['--follow-symlinks', '--no-recursive'], 'auto: followSymlinks needs recursive'],
    [['--no-poll'], '--no-poll: --poll takes a value'],
  ]
  it('says what is wrong with a flag', async () => {
    const told = await fsflowTogether(
      wrong.map(([args]) => ['watch', 'root', ...args]),
      place.path,
    )
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = told.get(['watch', 'root', ...args].join(' '))!
      expect(stderr).toContain(`fsflow: error: ${message}`)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    }
  })

  it('-o text, the default, prints a line an event; --long a card', async () => {
    const { stdout } = await watch(['root'], () => undefined)
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    rmSync(join(root, 'end'), { recursive: true })
    const long = await watch(['root', '--long'], () => undefined)
    expect(long.stdout.trimEnd().split('\n').length).toBeGreaterThan(6)
  })

  it('-o json is a valid array when it is stopped', async () => {
    const { stdout } = await watch(['root', '-o', 'json'], () => undefined)
    expect(JSON.parse(stdout)).toHaveLength(3)
  })

  it('-o csv has a header', async () => {
    const { stdout } = await watch(['root', '-o', 'csv'], () => undefined)
    expect(stdout).toMatch(/^timestamp,/)
  })

  it('-l appends to a file, prints nothing, and the file does not tell of itself', async () => {
    const log = join(root, 'log.ndjson')
    for (const lines of [3, 6]) {
      running = start(['watch', 'root', '-o', 'ndjson', '-l', log], { cwd: place.path })
      // What is told of comes to the file alone, so it is read until it says so.
      await contains(log, lines - 2, 'MONITOR_START')
      mkdirSync(join(root, `made${lines}`))
      await contains(log, lines - 1, `made${lines}`)
      running.kill('SIGINT')
      expect(await running.ended).toMatchObject({ code: 0, stdout: '', stderr: '' })
      expect(readFileSync(log, 'utf8').trimEnd().split('\n')).toHaveLength(lines)
    }
    expect(statSync(log).mode & 0o777).toBe(0o640)
  })

  it('--mkdir creates the directory of the log file', async () => {
    const log = join(place.path, 'logs/of/today/log.ndjson')
    running = start(['watch', 'root', '-o', 'ndjson', '-l', log, '--mkdir'], { cwd: place.path })
    await contains(log, 1, 'MONITOR_START')
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(statSync(join(place.path, 'logs/of')).mode & 0o777).toBe(0o750)
  })

  it('--drain-timeout ends it, whatever is not written yet', async () => {
    execFileSync('mkfifo', [join(place.path, 'full')])
    // Nobody reads it, so that it takes what fits into a pipe and no more.
    const reader = openSync(join(place.path, 'full'), constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const args = ['-o', 'ndjson', '-l', 'full', '--events', 'all', '--drain-timeout', '100']
      running = start(['watch', 'root', ...args], { cwd: place.path })
      await until(
        () => isWritten(reader),
        () => 'the first event',
      )
      for (let i = 0; i < 500; i++) {
        writeFileSync(join(root, `a long name, so that the pipe is full soon ${i}`), '')
      }
      running.kill('SIGTERM')
      const { code, stderr } = await running.ended
      // On a busy machine the source may not have come to its end either.
      expect(stderr).toMatch(/(were not written|did not stop in time).*\(FSFLOW_DRAIN_TIMEOUT\)\n/)
      expect(stderr).toContain('or --drain-timeout')
      expect(code).toBe(1)
    } finally {
      closeSync(reader)
    }
  })
})

/** True when a byte can be read. */
function isWritten(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(1)) === 1
  } catch {
    return false
  }
}

/** Waits until the file has so many lines, the last of which holds the text. */
async function contains(file: string, lines: number, text: string): Promise<void> {
  for (;;) {
    let content = ''
    try {
      content = readFileSync(file, 'utf8')
    } catch {
      // Not there yet.
    }
    const found = content.split('\n').slice(0, -1)
    if (found.length === lines && found.at(-1)!.includes(text)) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
