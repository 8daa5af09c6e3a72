import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ProcessDetails } from '../../../src/events/index.js'
import { checkAttribution, openProcessTracker } from '../../../src/linux/processes/openProcessTracker.js'
import { readStat } from '../../../src/linux/procfs.js'
import {
  attributionKinds,
  compilePrograms,
  falsehoods,
  isExact,
  runAttribution,
} from '../../helpers/attributionRun.js'
import { itAsRoot, itWith, program, root } from '../../helpers/requires.js'
import { WriteWatch, type Write } from '../../helpers/WriteWatch.js'

const RUNS = 1000

/** Ends all of a group that still runs: perhaps nothing of it does. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

describe('openProcessTracker', () => {
  let directory: string
  const problems: unknown[] = []

  beforeEach(() => {
    directory = realpathSync(mkdtempSync('/var/tmp/fsflow-processes-'))
    chmodSync(directory, 0o755)
    problems.length = 0
  })

  afterEach(() => {
    rmSync(directory, { recursive: true })
  })

  /** Runs a command, and tells who wrote the files that it writes: `names` of them, in a directory for all. */
  async function writesOf(
    command: readonly [string, ...string[]],
    names: readonly string[],
    options: { uid?: number; gid?: number; cwd?: string } = {},
  ): Promise<{ readonly writes: ReadonlyMap<string, Write>; readonly pid: number }> {
    const watched = join(directory, 'watched')
    mkdirSync(watched)
    chmodSync(watched, 0o777)
    const watch = new WriteWatch(watched, (issue) => problems.push(issue))
    try {
      await watch.ready()
      const writes = new Map<string, Write>()
      const child = spawn(command[0], command.slice(1), {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, OUT: watched },
        // A group of its own, which ends as a whole: what a shell has started would go on without it.
        detached: true,
        ...options,
      })
      await watch.until(
        () => names.every((name) => writes.has(name)),
        (write) => writes.set(write.name, write),
      )
      endGroup(child.pid!)
      expect(problems).toEqual([])
      return { writes, pid: child.pid! }
    } finally {
      await watch.close()
    }
  }

  const detailsOf = (writes: ReadonlyMap<string, Write>, name: string): ProcessDetails =>
    writes.get(name)!.process!.details

  itAsRoot('tells everything of a process that lives', async () => {
    const cwd = join(directory, 'work here')
    mkdirSync(cwd)
    const script = 'echo x > "$OUT/f"; sleep 60; echo'
    const args = ['/bin/sh', '-c', script, 'a b', 'c\nd', '', 'é'] as const
    const before = Date.now()
    const { writes, pid } = await writesOf([...args], ['f'], { uid: 65534, gid: 65534, cwd })
    const details = detailsOf(writes, 'f')
    expect(details).toEqual({
      pid,
      ppid: process.pid,
      name: 'sh',
      exePath: realpathSync('/bin/sh'),
      cmdline: [...args],
      cwd,
      uid: 65534,
      gid: 65534,
      username: 'nobody',
      state: expect.stringMatching(/^[RSD]$/),
      startTime: expect.stringMatching(/Z$/),
      resolution: 'live',
    })
    expect(Math.abs(Date.parse(details.startTime!) - before)).toBeLessThan(5000)
    const { ancestors } = writes.get('f')!.process!
    expect(ancestors![0]).toEqual({
      pid: process.pid,
      name: readStat(process.pid)!.name,
      exePath: realpathSync(process.execPath),
    })
    expect(ancestors![1]!.pid).toBe(process.ppid)
    expect(ancestors!.at(-1)!.pid).toBe(1)
  })

  itAsRoot('tells the chain of those who started it, also when they have ended since', async () => {
    // The two shells in between end at once; the writer goes on alone and belongs to init, or a reaper.
    const inner = '(sleep 0.3; echo x > "$OUT/late"; sleep 60) & echo x > "$OUT/inner"'
    writeFileSync(join(directory, 'inner.sh'), `#!/bin/sh\n${inner}\n`, { mode: 0o755 })
    const outer = `${join(directory, 'inner.sh')}; echo x > "$OUT/outer"; sleep 60`
    const { writes, pid } = await writesOf(['/bin/sh', '-c', outer], ['outer', 'inner', 'late'])
    const late = writes.get('late')!
    expect(writes.get('outer')!.pid).toBe(pid)
    expect(detailsOf(writes, 'outer')).toMatchObject({ ppid: process.pid, name: 'sh' })
    const innerPid = writes.get('inner')!.pid
    expect(detailsOf(writes, 'inner')).toMatchObject({ ppid: pid, exePath: realpathSync('/bin/sh') })
    expect(late.process!.ancestors!.slice(0, 3).map((ancestor) => ancestor.pid)).toEqual([
      innerPid,
      pid,
      process.pid,
    ])
    expect(detailsOf(writes, 'late').ppid).not.toBe(innerPid)
  })

  itAsRoot('tells the user that a set-user-ID program makes of who runs it', async () => {
    const setuid = join(directory, 'touch')
    copyFileSync(realpathSync('/usr/bin/touch'), setuid)
    chownSync(setuid, 2, 3)
    chmodSync(setuid, 0o6755)
    const script = `exec ${setuid} "$OUT/f"`
    const { writes } = await writesOf(['/bin/sh', '-c', script], ['f'], { uid: 65534, gid: 65534 })
    expect(detailsOf(writes, 'f')).toMatchObject({ uid: 2, gid: 3, username: 'bin', exePath: setuid })
  })

  itAsRoot('does not take what a process was, or will be, for what it is', async () => {
    const count = 100
    const names = Array.from({ length: count }, (_, i) => [`a${i}`, `b${i}`]).flat()
    const script =
      'i=0; while [ $i -lt 100 ]; do setpriv --reuid 1 sh -c "echo x > $OUT/a$i; exec touch $OUT/b$i"; i=$((i+1)); done; sleep 60'
    const { writes } = await writesOf(['/bin/sh', '-c', script], names)
    const [sh, touch] = [realpathSync('/bin/sh'), realpathSync('/usr/bin/touch')]
    for (const name of names) {
      const { exePath, uid, cmdline } = detailsOf(writes, name)
      expect([name, exePath]).toEqual([name, exePath === null ? null : name[0] === 'a' ? sh : touch])
      expect([name, uid]).toEqual([name, uid === null ? null : 1])
      if (cmdline !== null) expect([name, cmdline[0]]).toEqual([name, name[0] === 'a' ? 'sh' : 'touch'])
    }
  })

  itWith(
    [root, program('cc')],
    'knows executable, user and parent of processes that live a millisecond',
    async () => {
      const programs = compilePrograms(directory)
      for (const kind of attributionKinds) {
        const cases = await runAttribution(programs, join(directory, kind), kind, RUNS)
        expect(cases).toHaveLength(RUNS)
        expect(cases.flatMap(falsehoods)).toEqual([])
        const exact = cases.filter(isExact).length
        expect([kind, exact >= 0.999 * RUNS]).toEqual([kind, true])
      }
    },
  )

  itAsRoot('leaves no descriptor open', () => {
    const open = (): string[] =>
      execFileSync('ls', [`/proc/${process.pid}/fd`], { encoding: 'utf8' })
        .trim()
        .split('\n')
    openProcessTracker(() => undefined).close()
    // What tests before have left, and the runner itself, may open and close others meanwhile: a leak shows each time.
    const leaks = Array.from({ length: 5 }, () => {
      const before = new Set(open())
      openProcessTracker(() => undefined).close()
      expect(checkAttribution().level).toBe('exact')
      return open().filter((fd) => !before.has(fd)).length
    })
    expect(Math.min(...leaks)).toBe(0)
  })

  itAsRoot('reads all processes anew when messages were lost, and says so', () => {
    const issues: string[] = []
    const tracker = openProcessTracker(({ code }) => issues.push(code))
    try {
      tracker.feeds[0]!.failed(105)
      expect(issues).toEqual(['FSFLOW_PROCESSES_LOST'])
      expect(tracker.identify(process.pid, 1)!.details).toMatchObject({
        pid: process.pid,
        cmdline: readFileSync('/proc/self/cmdline', 'utf8').slice(0, -1).split('\0'),
        resolution: 'live',
      })
    } finally {
      tracker.close()
    }
  })

  itAsRoot('knows nothing of a process that is not there', () => {
    const tracker = openProcessTracker(() => undefined)
    expect(tracker.identify(2 ** 30, 1)).toBeUndefined()
    tracker.close()
  })

  it('says in one line what can be known here', () => {
    expect(checkAttribution().line).toMatch(/^processes: [^\n]+$/)
  })
})
