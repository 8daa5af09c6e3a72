import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { FsflowError } from '../../src/errors/index.js'
import { inotifyLimit } from '../../src/linux/inotifyErrors.js'
import { inotify, type InotifySourceOptions } from '../../src/sources/inotify.js'
import { describeBindings, userNamespace } from '../helpers/bindings.js'
import { holdings } from '../helpers/procSelf.js'
import { root } from '../helpers/requires.js'
import { runForJson } from '../helpers/runChild.js'
import { SourceProbe, sourceRequest } from '../helpers/SourceProbe.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const NOBODY = 65_534

function refusal(options: unknown): FsflowError {
  try {
    inotify(options as InotifySourceOptions)
  } catch (error) {
    if (FsflowError.is(error)) return error
    throw error
  }
  throw new Error(`accepted ${JSON.stringify(options)}`)
}

describe('inotify() options', () => {
  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [null, 'options must be an object'],
    ['src', 'options must be an object'],
    [{}, 'paths[0] must be a path'],
    [{ paths: [] }, 'paths is empty'],
    [{ paths: '' }, 'paths[0] must be a path'],
    [{ paths: ['a', 7] }, 'paths[1] must be a path'],
    [{ paths: ['a', ''] }, 'paths[1] must be a path'],
    [{ paths: 'a\0b' }, 'paths[0] must be a path'],
    [{ paths: { 0: 'a' } }, 'paths[0] must be a path'],
    [{ path: 'a' }, 'path is not an option'],
    [{ paths: 'a', recursiv: true }, 'recursiv is not an option'],
    [{ paths: 'a', recursive: 'yes' }, 'recursive must be true or false'],
    [{ paths: 'a', binding: 'ffi' }, 'binding is not known'],
    [{ paths: 'a', binding: null }, 'binding is not known'],
    [{ paths: 'a', repair: true }, 'repair is not known'],
    [{ paths: 'a', waitForPath: 1 }, 'waitForPath must be true or false'],
    [{ paths: 'a', onWatchLimit: 'ignore' }, 'onWatchLimit is not known'],
    [{ paths: 'a', pollInterval: 9 }, 'pollInterval must be a number of milliseconds from 10 to 86400000'],
    [{ paths: 'a', pollInterval: '50' }, 'pollInterval must be a number of milliseconds from 10 to 86400000'],
    [{ paths: 'a', backlog: 65_535 }, 'backlog must be a number of bytes from 65536 to 2147418112'],
    [{ paths: 'a', backlog: 2 ** 31 }, 'backlog must be a number of bytes from 65536 to 2147418112'],
    [{ paths: 'a', backlog: 100_000.5 }, 'backlog must be a number of bytes from 65536 to 2147418112'],
    [{ paths: 'a', backlog: '1000000' }, 'backlog must be a number of bytes from 65536 to 2147418112'],
  ])('refuses %j', (options, problem) => {
    const error = refusal(options)
    expect(error.code).toBe('FSFLOW_INVALID_OPTION')
    expect(error.message).toBe(`inotify: ${problem}`)
  })

  it('names the options that there are', () => {
    expect(refusal({ paths: 'a', deep: 1 }).hint).toMatch(
      /^The options are: paths, recursive, binding, repair, /,
    )
    expect(refusal({ paths: 'a', binding: 'ffi' }).hint).toBe('One of: auto, koffi, node-inotify.')
  })

  it('touches nothing before it is opened', () => {
    expect(inotify({ paths: '/nowhere/at/all', recursive: false, repair: 'off', backlog: 65_536 }).name).toBe(
      'inotify',
    )
  })
})

describe('inotify().check', () => {
  it('says what is watched, by which binding, and how far the limits are', () =>
    withDirectory(async (top) => {
      fs.mkdirSync(join(top, 'd'))
      fs.writeFileSync(join(top, 'd', 'f'), '')
      fs.writeFileSync(join(top, 'f'), '')
      const before = holdings()
      const { lines, problems } = await inotify({ paths: [join(top, 'd'), join(top, 'f')] }).check(
        sourceRequest({ prune: [() => false] }),
      )
      expect(problems).toEqual([])
      expect(lines.slice(0, 2)).toEqual([
        `watches ${join(top, 'd')} and all below`,
        `watches ${top} (only f)`,
      ])
      // Both lie in one mount.
      expect(lines[2]).toMatch(/^\/.* \(\w+\): watched/)
      expect(lines.slice(3, 5)).toEqual([
        'by inotify(7), binding koffi',
        'excluded directories are neither watched nor listed',
      ])
      expect(lines[5]).toMatch(new RegExp(`^watches: .* limit ${inotifyLimit('max_user_watches')}$`))
      expect(lines[6]).toMatch(new RegExp(`^instances: .* limit ${inotifyLimit('max_user_instances')}$`))
      expect(holdings()).toEqual(before)
    }))

  it('finds what would stop it', async () => {
    const { problems } = await inotify({ paths: ['/', '/nowhere/at/all'] }).check(sourceRequest())
    expect(problems).toMatchObject([{ code: 'FSFLOW_PATH_NOT_FOUND', path: '/nowhere/at/all' }])
  })
})

describeBindings('inotify source in trouble', ({ binding, test, testWith }) => {
  test('fails for a root that is not there, and leaves nothing', () =>
    withDirectory(async (top) => {
      const before = holdings()
      const missing = join(top, 'missing')
      const probe = new SourceProbe({ paths: [top, missing], binding })
      await probe.over()
      expect(probe.error).toMatchObject({ code: 'FSFLOW_PATH_NOT_FOUND', path: missing })
      expect(probe.events).toEqual([])
      await until(
        () => JSON.stringify(holdings()) === JSON.stringify(before),
        () => JSON.stringify(holdings()),
      )
    }))

  testWith([root], 'tells of a directory that it may not read, and of its content once it may', () =>
    withDirectory(async (top) => {
      fs.mkdirSync(join(top, 'open'))
      fs.mkdirSync(join(top, 'closed', 'sub'), { recursive: true })
      fs.writeFileSync(join(top, 'closed', 'sub', 'f'), '')
      fs.chmodSync(top, 0o755)
      fs.chownSync(join(top, 'closed'), NOBODY, NOBODY)
      fs.chmodSync(join(top, 'closed'), 0)
      interface Result {
        refused: string
        problems: string[]
        controls: string[]
        issues: { code: string; path: string }[]
        told: string[]
      }
      const result = await runForJson<Result>('sourceAs', [binding, String(NOBODY), top])
      const closed = join(top, 'closed')
      expect(result.refused).toBe(`FSFLOW_PERMISSION ${closed}`)
      expect(result.problems).toEqual([`FSFLOW_PERMISSION ${closed}`])
      expect(result.controls).toEqual(['WARNING', 'MONITOR_START'])
      expect(result.issues).toMatchObject([{ code: 'FSFLOW_PERMISSION', path: closed }])
      expect(result.told.filter((line) => line.includes('CREATE'))).toEqual([
        '~CREATE closed/sub',
        '~CREATE closed/sub/f',
      ])
    }),
  )

  interface Limited {
    pid: number
    error?: { code: string; message: string; path: string; hint: string }
    controls: string[]
    warnings: { file_path: string }[]
    issues: { code: string; path: string }[]
    told: string[]
  }
  const limited = (watches: number, paths: string, options: Partial<InotifySourceOptions> = {}) =>
    runForJson<Limited>('sourceLimited', [String(watches), JSON.stringify({ paths, binding, ...options })], {
      prefix: ['unshare', '-Ur'],
    })

  testWith(
    [userNamespace],
    'says at the start how many watches are needed, what the limit is, who uses them',
    () =>
      withDirectory(async (top) => {
        for (let i = 0; i < 19; i++) fs.mkdirSync(join(top, `${i}`))
        const { error, pid } = await limited(10, top)
        expect(error!.code).toBe('FSFLOW_WATCH_LIMIT')
        expect(error!.message).toMatch(/25 watches are needed, the limit for a user is 10; in use by \S/)
        expect(error!.message).toMatch(new RegExp(`\\(pid ${pid}\\): 10`))
        expect(error!.hint).toContain('sudo sysctl user.max_inotify_watches=524288')
      }),
  )

  testWith([userNamespace], 'counts only the directories that it was to watch', () =>
    withDirectory(async (top) => {
      for (let i = 0; i < 5; i++) fs.mkdirSync(join(top, `${i}`))
      const { error } = await limited(4, top, { recursive: false })
      expect(error!.message).toMatch(/6 watches are needed, the limit for a user is 4/)
    }),
  )

  testWith(
    [userNamespace],
    'polls what is beyond the limit when it is asked to, says so once, and misses nothing',
    () =>
      withDirectory(async (top) => {
        for (let i = 0; i < 5; i++) fs.mkdirSync(join(top, `${i}`, 'sub'), { recursive: true })
        const { error, controls, warnings, issues } = await limited(8, top, {
          onWatchLimit: 'poll',
          pollInterval: 20,
        })
        expect(error).toBeUndefined()
        expect(controls.sort()).toEqual(['MONITOR_START', 'WARNING'])
        expect(issues).toMatchObject([{ code: 'FSFLOW_WATCH_LIMIT', path: warnings[0]!.file_path }])
      }),
  )

  testWith([userNamespace], 'polls in any case when the watches are used up later', () =>
    withDirectory(async (top) => {
      // Four fences, the directory above the root, the root, and `x`.
      const { error, controls, warnings, issues, told } = await limited(7, top, { pollInterval: 20 })
      expect(error).toBeUndefined()
      expect(controls).toEqual(['MONITOR_START', 'WARNING'])
      expect(warnings).toMatchObject([{ file_path: join(top, 'x', 'a') }])
      expect(issues).toMatchObject([{ code: 'FSFLOW_WATCH_LIMIT', path: join(top, 'x', 'a') }])
      expect(told).toEqual(expect.arrayContaining(['CREATE x', '~CREATE x/a', '~CREATE y/a/b/c/f']))
    }),
  )
})

describeBindings('without a binding', ({ binding, test }) => {
  interface Without {
    error: string
    problems: string[]
    lines: string[]
    told: string[]
  }
  const run = (hidden: string, name: string) =>
    withDirectory((top) => runForJson<Without>('sourceWithout', [hidden, name, top]))

  test('says what is missing, and what to do', async () => {
    const result = await run('koffi,node-inotify', binding)
    const expected = {
      koffi: "FSFLOW_BINDING_UNAVAILABLE: Use binding: 'node-inotify', or 'auto'.",
      'node-inotify':
        "FSFLOW_MISSING_PACKAGE: Install it with `npm install node-inotify` (it needs a C++ compiler), or use binding: 'koffi'.",
    }
    expect(result).toMatchObject({ error: expected[binding], problems: [expected[binding]], told: [] })
  })

  test('takes the other one when it is free to choose', async () => {
    const result = await run(binding, 'auto')
    const other = binding === 'koffi' ? 'node-inotify' : 'koffi'
    expect(result).toMatchObject({ error: '', problems: [] })
    expect(result.told).toContain('CREATE f')
    expect(result.lines).toContain(`by inotify(7), binding ${other}`)
  })
})
