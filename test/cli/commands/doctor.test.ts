import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { inotifyLimit } from '../../../src/linux/inotifyErrors.js'
import { inotifyUsers } from '../../../src/linux/inotifyUsage.js'
import { itWith, mounting, program, root as asRoot } from '../../helpers/requires.js'
import { withFilesystem, withMount } from '../../helpers/withFilesystem.js'
import { fsflow, fsflowTogether, main, start, temporaryFolder, type Running } from '../fsflow.js'

interface Diagnosis {
  readonly limits: {
    readonly watches: { readonly limit: number; readonly used: number; readonly free: number }
  }
  readonly users: readonly { readonly pid: number; readonly watches: number; readonly uid: number }[]
  readonly path: {
    readonly path: string
    readonly watches_needed: number
    readonly mounts: readonly {
      readonly mount_point: string
      readonly type: string
      readonly inotify: string
      readonly fits: readonly string[]
    }[]
    readonly [field: string]: unknown
  } | null
  readonly watchable: boolean
  readonly [field: string]: unknown
}

let place: ReturnType<typeof temporaryFolder>
let root: string
let running: Running | undefined

beforeEach(() => {
  place = temporaryFolder()
  root = join(place.path, 'root')
  mkdirSync(join(root, 'src/deep'), { recursive: true })
  for (const name of ['x', 'y', 'z']) mkdirSync(join(root, 'node_modules', name), { recursive: true })
  writeFileSync(join(root, 'file'), '')
})
afterEach(() => {
  running?.kill('SIGKILL')
  running = undefined
  place.remove()
})

async function doctor(...args: string[]): Promise<Diagnosis> {
  const { code, stdout, stderr } = await fsflow(['doctor', '-o', 'json', ...args], { cwd: place.path })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Diagnosis
}

/** Runs it in a user namespace of its own with so many watches. */
function doctorWithWatches(limit: number, ...args: string[]) {
  const script = `echo ${limit} > /proc/sys/user/max_inotify_watches && exec "$@"`
  const command = ['-Ur', 'sh', '-c', script, 'sh', process.execPath, main, 'doctor', ...args]
  try {
    const stdout = execFileSync('unshare', command, {
      cwd: place.path,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { status: 0, stdout, stderr: '' }
  } catch (error) {
    return error as { status: number; stdout: string; stderr: string }
  }
}

describe('fsflow doctor', () => {
  it('tells of kernel, user, capabilities, bindings and limits without a path', async () => {
    const found = await doctor()
    expect(found).toMatchObject({
      kernel: release(),
      uid: process.geteuid!(),
      bindings: [
        { name: 'koffi', works: true, chosen: true },
        { name: 'node-inotify', works: true, chosen: false },
      ],
      limits: { queued_events: inotifyLimit('max_queued_events') },
      path: null,
      watchable: true,
    })
    expect(Object.keys(found.capabilities as object)).toEqual([
      'CAP_SYS_ADMIN',
      'CAP_DAC_READ_SEARCH',
      'CAP_NET_ADMIN',
    ])
    const { limit, used, free } = found.limits.watches
    expect(limit).toBe(inotifyLimit('max_user_watches'))
    expect(used + free).toBe(limit)
  })

  it.each(['koffi', 'node-inotify'])(
    'foretells the watches that watching takes with %s, and then sees them',
    async (binding) => {
      const { path } = await doctor('root')
      expect(path).toMatchObject({ path: root, is_directory: true, directories: 7, unreadable: 0 })
      running = start(['watch', 'root', '--source', 'inotify', '--binding', binding], { cwd: place.path })
      await running.line(/MONITOR_START/)
      const { pid } = running
      const taken = inotifyUsers().find((user) => user.pid === pid)!.watches
      expect(path!.watches_needed).toBe(taken)
      const { users } = await doctor()
      expect(users.find((user) => user.pid === pid)).toMatchObject({
        watches: taken,
        uid: process.geteuid!(),
      })
    },
  )

  it('names the parts that cost most, by globs that fsflow watch takes', async () => {
    const { path } = await doctor('root')
    expect(path!.excludes).toEqual([
      { glob: 'node_modules', directories: 4, places: 1 },
      { glob: '/src', directories: 2, places: 1 },
    ])
  })

  it('takes a file, a link to a directory, and a path behind dashes', async () => {
    expect((await doctor('root/file')).path).toMatchObject({
      path: join(root, 'file'),
      is_directory: false,
      directories: 1,
      excludes: [],
    })
    symlinkSync('root', join(place.path, '-link'))
    expect((await doctor('--', '-link')).path).toMatchObject({
      path: join(place.path, '-link'),
      directories: 7,
    })
  })

  itWith([mounting], 'tells the filesystem of each mount at and below the path', async () => {
    const here = (await doctor('root')).path!.mounts
    expect(here).toHaveLength(1)
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'src')])
    try {
      mkdirSync(join(root, 'src/pts'))
      execFileSync('mount', ['-t', 'devpts', 'devpts', join(root, 'src/pts')])
      const { path, advice } = await doctor('root')
      expect(path!.mounts).toEqual([
        here[0],
        expect.objectContaining({ mount_point: join(root, 'src'), type: 'tmpfs', inotify: 'full' }),
        expect.objectContaining({
          mount_point: join(root, 'src/pts'),
          type: 'devpts',
          inotify: 'partial',
          unseen: 'changes that the kernel makes itself',
          fits: ['inotify'],
        }),
      ])
      expect(advice).toEqual([expect.objectContaining({ required: false, sysctl: null })])
    } finally {
      execFileSync('umount', ['-R', '-l', join(root, 'src')])
    }
  })

  itWith([mounting, asRoot], 'tells which source fits each of them, and leaves nothing behind', async () => {
    writeFileSync(join(root, 'hosts'), '')
    await withFilesystem('tmpfs', async (scratch) => {
      for (const name of ['lower', 'upper', 'work']) mkdirSync(join(scratch, name))
      const layers = `lowerdir=${scratch}/lower,upperdir=${scratch}/upper,workdir=${scratch}/work`
      await withMount(['-t', 'tmpfs', 'tmpfs'], join(root, 'src'), () =>
        withMount(['-t', 'overlay', '-o', layers, 'overlay'], join(root, 'node_modules'), () =>
          withMount(['--bind', join(root, 'file')], join(root, 'hosts'), async () => {
            const found = await doctor('root')
            const [, file, overlay, tmpfs] = found.path!.mounts
            expect(found.fanotify).toEqual({ works: true })
            expect(tmpfs).toMatchObject({ fanotify: { works: true }, fits: ['inotify', 'fanotify'] })
            expect(overlay).toMatchObject({
              fanotify: {
                works: false,
                problem: 'overlay gives no handles by which fanotify could name its files',
              },
              fits: ['inotify', 'polling'],
            })
            expect(file).toMatchObject({ single_file: true, inotify: 'partial', fits: [] })
            const { stdout } = await fsflow(['doctor', 'root/hosts'], { cwd: place.path })
            expect(stdout).toMatch(/^ {2}\/.*hosts +\w+ +none: neither inotify nor fanotify sees/m)
            expect(stdout).toContain('watch it where it comes from')
            // No mark of fanotify holds it.
            execFileSync('umount', [join(root, 'src')])
            execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'src')])
          }),
        ),
      )
    })
  })

  itWith(
    [program('unshare'), asRoot],
    'exits with 1 when the watches of today do not suffice, and says what does',
    () => {
      const few = doctorWithWatches(10, 'root')
      expect(few.status).toBe(1)
      expect(few.stdout).toContain('  watches needed    13 of 10 free\n')
      const [, line] = /\n {4}sudo sysctl (user\.max_inotify_watches=\d+)\n/.exec(few.stdout)!
      expect(few.stderr).toMatch(
        /^fsflow: error: 13 watches are needed and 10 are free.*\(FSFLOW_WATCH_LIMIT\)\n/,
      )
      expect(few.stderr).toContain(`fsflow: hint: Raise it with: sudo sysctl ${line!}\n`)
      expect(JSON.parse(doctorWithWatches(10, 'root', '-o', 'json').stdout)).toMatchObject({
        watchable: false,
      })
      const enough = doctorWithWatches(13, 'root')
      expect(enough.status).toBe(0)
      expect(enough.stdout).toContain('with more directories they run out')
    },
  )

  itWith([program('setpriv'), asRoot], 'counts what may not be read', () => {
    mkdirSync(join(root, 'locked/below'), { recursive: true })
    chmodSync(join(root, 'locked'), 0o700)
    chmodSync(place.path, 0o755)
    const options = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--bounding-set', '-all']
    const stdout = execFileSync('setpriv', [...options, process.execPath, main, 'doctor', root], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    expect(stdout).toContain('  user              nobody (uid 65534)\n')
    expect(stdout).toContain('CAP_DAC_READ_SEARCH no')
    expect(stdout).toContain('  fanotify          fanotify needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH\n')
    expect(stdout).toMatch(/^ {2}\/.* \w+ +inotify(, which|; it is| with polling)/m)
    expect(stdout).toContain('  unreadable        1 directory\n')
    expect(stdout).toContain('1 directory cannot be read')
  })

  const wrong: readonly (readonly [readonly string[], string])[] = [
    [['nowhere'], 'there is no '],
    [[''], 'the path is empty'],
    [['root', '--', 'root'], 'doctor looks at one path'],
    [['root', 'src'], 'Unknown argument: src'],
    [['root', '-o', 'csv'], '--output: there is no "csv"'],
  ]
  it('says what is wrong with its arguments', async () => {
    const told = await fsflowTogether(
      wrong.map(([args]) => ['doctor', ...args]),
      place.path,
    )
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = told.get(['doctor', ...args].join(' '))!
      expect(stderr.split('\n')[0]).toMatch(/^fsflow: error: .* \(FSFLOW_[A-Z_]+\)$/)
      expect(stderr).toContain(message)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    }
    expect(await fsflow(['doctor', 'nowhere'], { cwd: place.path })).toMatchObject({ code: 2, stdout: '' })
  })

  it('has a help with examples', async () => {
    const { stdout, code } = await fsflow(['doctor', '--help'], { cwd: place.path })
    for (const text of ['--output', 'Examples:', 'doctor / -o json', 'Exit codes:'])
      expect(stdout).toContain(text)
    expect(code).toBe(0)
  })
})
