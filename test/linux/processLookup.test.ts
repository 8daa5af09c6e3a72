import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstValueFrom, type Observable } from 'rxjs'
import type { ProcessDetails } from '../../src/events/index.js'
import { procfsLookup, type UnknownProcess } from '../../src/linux/processLookup.js'
import { userDatabase } from '../../src/linux/userDatabase.js'
import { until } from '../helpers/until.js'
import { costlyProcessFields } from '../../src/linux/procfsDetails.js'

type Answer = ProcessDetails | UnknownProcess

const children: ChildProcess[] = []

/** A process that sleeps, with what it has open for 0, 1 and 2. */
async function sleeper(
  stdio: (number | 'ignore')[] = ['ignore', 'ignore', 'ignore'],
  env: Record<string, string> = {},
): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sleep', ['60'], { stdio, env, cwd: '/' })
  children.push(child)
  await once(child, 'spawn')
  return child as ChildProcess & { readonly pid: number }
}

/** The answer, which must be there at once. */
function now(answer: Observable<Answer>): Answer {
  let value: Answer | undefined
  answer.subscribe((given) => (value = given))
  return value!
}

function known(answer: Observable<Answer>): ProcessDetails {
  return now(answer) as ProcessDetails
}

describe('procfsLookup', () => {
  let directory: string
  let file: string

  beforeEach(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'fsflow-process-')))
    file = join(directory, 'file')
    writeFileSync(file, '')
  })

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(directory, { recursive: true })
  })

  describe('byPid', () => {
    it('tells what /proc knows of a process', async () => {
      const before = Date.now()
      const { pid } = await sleeper()
      const details = known(procfsLookup().byPid(pid))
      expect(details).toEqual({
        pid,
        ppid: process.pid,
        name: 'sleep',
        exePath: expect.stringMatching(/^\/.*(sleep|coreutils|busybox)$/),
        cmdline: ['sleep', '60'],
        cwd: '/',
        uid: process.geteuid!(),
        gid: process.getegid!(),
        username: userDatabase.userName(process.geteuid!()),
        state: expect.stringMatching(/^[SRD]$/),
        startTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        resolution: 'live',
      })
      expect(Math.abs(Date.parse(details.startTime!) - before)).toBeLessThan(5000)
    })

    it('tells the same start each time', async () => {
      const { pid } = await sleeper()
      const starts = Array.from({ length: 20 }, () => known(procfsLookup().byPid(pid)).startTime)
      expect(new Set(starts).size).toBe(1)
    })

    it('tells a name with spaces and parentheses, and arguments that are empty', async () => {
      const child = spawn(
        '/bin/sh',
        ['-c', 'printf "%s" "a) R 1 (b" > /proc/$$/comm; echo; read line', '', ''],
        {
          stdio: ['pipe', 'pipe', 'ignore'],
        },
      )
      children.push(child)
      await once(child.stdout, 'data')
      const details = known(procfsLookup().byPid(child.pid!))
      expect(details).toMatchObject({ name: 'a) R 1 (b', ppid: process.pid })
      expect(details.cmdline!.slice(-2)).toEqual(['', ''])
    })

    it('says that a process has exited', async () => {
      const child = await sleeper()
      child.kill()
      await once(child, 'exit')
      expect(now(procfsLookup().byPid(child.pid))).toEqual({ unknown: 'exited' })
    })

    it('says what a zombie leaves unknown', async () => {
      // The child ends once its parent is no shell, which might have asked for its end.
      const child = '(while read -r name </proc/$$/comm && [ "$name" != sleep ]; do :; done)'
      const parent = spawn('/bin/sh', ['-c', `${child} & echo $!; exec sleep 60`], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      children.push(parent)
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(line.toString())
      const read = (): ProcessDetails => known(procfsLookup().byPid(pid))
      await until(
        () => read().state === 'Z',
        () => `the end of process ${pid}`,
      )
      expect(read()).toMatchObject({ pid, state: 'Z', exePath: null, cmdline: null, cwd: null })
    })

    it('adds the costly fields that are asked for, and no others', async () => {
      const { pid } = await sleeper()
      const lookup = procfsLookup({ fields: costlyProcessFields })
      // The kernel counts in ticks: before the first one there is no average.
      await until(
        () => known(lookup.byPid(pid)).cpuUsage !== null,
        () => 'the first tick',
      )
      const all = known(lookup.byPid(pid))
      expect(all.cpuUsage).toBeGreaterThanOrEqual(0)
      expect(all.memoryRss).toBeGreaterThan(0)
      expect(all.memoryVms).toBeGreaterThanOrEqual(all.memoryRss!)
      expect(all.numThreads).toBe(1)
      expect(all.openFiles).toContain('/dev/null')
      expect(all.limits!['Max open files']).toEqual({
        soft: expect.stringMatching(/^\d+|unlimited$/),
        hard: expect.stringMatching(/^\d+|unlimited$/),
      })
      expect(Object.keys(all.limits!)).toHaveLength(
        readFileSync(`/proc/${pid}/limits`, 'utf8').trim().split('\n').length - 1,
      )
      expect(all.ioStats!.readSyscalls).toBeGreaterThanOrEqual(0)
      const one = known(procfsLookup({ fields: ['numThreads'] }).byPid(pid))
      expect(
        Object.keys(one).filter((key) => (costlyProcessFields as readonly string[]).includes(key)),
      ).toEqual(['numThreads'])
    })

    it('redacts what looks like a secret in the environment', async () => {
      const env = {
        HOME: '/home/ann',
        PWD: '/',
        EMPTY: '',
        EQUALS: 'a=b',
        API_TOKEN: 's1',
        AWS_SECRET_ACCESS_KEY: 's2',
        DB_PASSWORD: 's3',
        MYSQL_PWD: 's4',
        GITHUB_AUTH: 's5',
        GOOGLE_APPLICATION_CREDENTIALS: 's6',
        DATABASE_URL: 'postgres://ann:s7@db/x',
        HOMEPAGE: 'https://example.org/a:b@c',
      }
      const { pid } = await sleeper(undefined, env)
      const redacted = '[redacted]'
      expect(known(procfsLookup({ fields: ['environment'] }).byPid(pid)).environment).toEqual({
        ...env,
        API_TOKEN: redacted,
        AWS_SECRET_ACCESS_KEY: redacted,
        DB_PASSWORD: redacted,
        MYSQL_PWD: redacted,
        GITHUB_AUTH: redacted,
        GOOGLE_APPLICATION_CREDENTIALS: redacted,
        DATABASE_URL: redacted,
      })
    })

    it('reads long environments and command lines whole', async () => {
      const long = 'x'.repeat(100_000)
      const { pid } = await sleeper(undefined, { LONG: long, LAST: '1' })
      const { environment } = known(procfsLookup({ fields: ['environment'] }).byPid(pid))
      expect(environment).toEqual({ LONG: long, LAST: '1' })
      const child = spawn(
        '/bin/sh',
        ['-c', 'echo; read line', ...Array.from({ length: 1000 }, () => 'y'.repeat(50))],
        {
          stdio: ['pipe', 'pipe', 'ignore'],
        },
      )
      children.push(child)
      await once(child.stdout, 'data')
      expect(known(procfsLookup().byPid(child.pid!)).cmdline).toHaveLength(1003)
    })

    it('looks when it is subscribed to', async () => {
      const child = await sleeper()
      const answer = procfsLookup().byPid(child.pid)
      child.kill()
      await once(child, 'exit')
      expect(await firstValueFrom(answer)).toEqual({ unknown: 'exited' })
    })
  })

  describe('byOpenFile', () => {
    /** A process that has the file open. */
    async function holder(flags: string, path: string | Buffer = file): Promise<number> {
      const fd = openSync(path, flags)
      const child = await sleeper(['ignore', fd, 'ignore'])
      closeSync(fd)
      return child.pid
    }

    it('finds the process that holds a file open', async () => {
      const pid = await holder('a')
      const lookup = procfsLookup({ scanAge: 0 })
      expect(now(lookup.byOpenFile(file, undefined, true))).toMatchObject({
        pid,
        name: 'sleep',
        resolution: 'open-files',
      })
      expect(now(lookup.byOpenFile(file))).toMatchObject({ pid })
    })

    it('does not take who only reads for who writes', async () => {
      const pid = await holder('r')
      const lookup = procfsLookup({ scanAge: 0 })
      expect(now(lookup.byOpenFile(file, undefined, true))).toEqual({
        unknown: 'no process that can be seen holds it open for writing',
      })
      expect(now(lookup.byOpenFile(file))).toMatchObject({ pid })
    })

    it('does not choose among several', async () => {
      await holder('a')
      await holder('a')
      expect(now(procfsLookup().byOpenFile(file, undefined, true))).toEqual({
        unknown: '2 processes hold it open for writing',
      })
    })

    it('never tells of fsflow itself, nor of who holds another file', async () => {
      const other = join(directory, 'other')
      writeFileSync(other, '')
      await holder('a', other)
      linkSync(other, join(directory, 'link'))
      const own = openSync(file, 'a')
      try {
        const unknown = 'no process that can be seen holds it open'
        expect(now(procfsLookup().byOpenFile(file))).toEqual({ unknown })
        expect(now(procfsLookup().byOpenFile(join(directory, 'link')))).toEqual({ unknown })
      } finally {
        closeSync(own)
      }
    })

    it('does not find who held a file that was deleted and made anew', async () => {
      await holder('a')
      rmSync(file)
      writeFileSync(file, '')
      expect(now(procfsLookup().byOpenFile(file))).toEqual({
        unknown: 'no process that can be seen holds it open',
      })
    })

    it('finds files whose names are not ASCII, or not UTF-8', async () => {
      const accented = join(directory, '\u00e9')
      const bytes = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])])
      const [first, second] = [await holder('a', openable(accented)), await holder('a', openable(bytes))]
      const lookup = procfsLookup()
      expect(now(lookup.byOpenFile(accented))).toMatchObject({ pid: first })
      expect(now(lookup.byOpenFile(bytes.toString(), new Uint8Array(bytes)))).toMatchObject({ pid: second })
    })

    it('scans once for a burst, and does not tell of who has let go since', async () => {
      const lookup = procfsLookup({ scanAge: 600_000 })
      const first = await holder('a')
      expect(now(lookup.byOpenFile(file))).toMatchObject({ pid: first })
      const child = children.pop()!
      child.kill('SIGKILL')
      await once(child, 'exit')
      const unknown = 'no process that can be seen holds it open'
      expect(now(lookup.byOpenFile(file))).toEqual({ unknown })
      await holder('a')
      expect(now(lookup.byOpenFile(file))).toEqual({ unknown })
      expect(now(procfsLookup().byOpenFile(file))).toMatchObject({ name: 'sleep' })
    })
  })
})

function openable<Path extends string | Buffer>(path: Path): Path {
  writeFileSync(path, '')
  return path
}
