import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { itWith, mounting } from '../../helpers/requires.js'
import { fsflow, start, temporaryFolder, type Outcome, type Running } from '../fsflow.js'

interface Line {
  readonly type: 'ready' | 'comparison' | 'summary'
  readonly reason?: string
  readonly entries?: number
  readonly differences?: readonly { readonly problem: string; readonly file_path: string }[]
  readonly [field: string]: unknown
}

let place: ReturnType<typeof temporaryFolder>
let root: string
let running: Running | undefined

beforeEach(() => {
  place = temporaryFolder()
  root = join(place.path, 'root')
  mkdirSync(join(root, 'a/b'), { recursive: true })
  writeFileSync(join(root, 'a/f'), '')
})
afterEach(() => {
  running?.kill('SIGKILL')
  running = undefined
  place.remove()
})

/** Starts `fsflow verify -o json`, and waits until it has its listing. */
async function verify(...args: string[]): Promise<Running> {
  running = start(['verify', '-o', 'json', ...args], { cwd: place.path })
  await running.line(/"type":"ready"/)
  return running
}

function lines({ stdout }: Pick<Outcome, 'stdout'>): Line[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

async function stop(process: Running, signal: NodeJS.Signals = 'SIGINT'): Promise<Outcome> {
  process.kill(signal)
  return process.ended
}

const shown = ({ differences = [] }: Line): string[] =>
  differences.map(({ problem, file_path: path }) => `${problem} ${path.slice(root.length)}`)

describe('fsflow verify', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'compares at the end, at %s, and finds no difference',
    async (signal) => {
      const process = await verify('root')
      mkdirSync(join(root, 'c/d/e'), { recursive: true })
      writeFileSync(Buffer.concat([Buffer.from(`${root}/c/d/`), Buffer.of(0xff, 0x0a)]), '')
      renameSync(join(root, 'a'), join(root, 'c/moved'))
      rmSync(join(root, 'c/moved/f'))
      const outcome = await stop(process, signal)
      expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: '' })
      expect(lines(outcome)).toEqual([
        { type: 'ready', paths: ['root'], entries: 3, adopted: 0 },
        expect.objectContaining({
          type: 'comparison',
          number: 1,
          reason: 'end',
          entries: 6,
          differences: [],
        }),
        expect.objectContaining({ type: 'summary', overflows: 0, comparisons: 1, differences: 0 }),
      ])
    },
  )

  it('compares on SIGUSR1 and at each interval', async () => {
    const process = await verify('root', '--interval', '100')
    await process.line(/"number":2,"reason":"interval"/)
    process.kill('SIGUSR1')
    await process.line(/"reason":"signal"/)
    const outcome = await stop(process)
    const comparisons = lines(outcome).filter(({ type }) => type === 'comparison')
    expect(comparisons.map(({ number }) => number)).toEqual(comparisons.map((_, index) => index + 1))
    expect(comparisons.at(-1)!.reason).toBe('end')
    expect(lines(outcome).at(-1)).toMatchObject({ comparisons: comparisons.length, differences: 0 })
    expect(outcome.code).toBe(0)
  })

  it('finds what the stream got wrong, at each comparison, and exits with 1', async () => {
    // A limit of this binding that stays: names that are not UTF-8 are mangled.
    const process = await verify('root', '--binding', 'node-inotify')
    writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.of(0xff)]), '')
    process.kill('SIGUSR1')
    await process.line(/"reason":"signal"/)
    const outcome = await stop(process)
    const found = lines(outcome).filter(({ type }) => type === 'comparison')
    expect(found.map(shown)).toEqual([
      ['extra /a/\ufffd', 'missing /a/\ufffd'],
      ['extra /a/\ufffd', 'missing /a/\ufffd'],
    ])
    expect(found[0]!.differences!.map((difference) => 'file_path_bytes' in difference)).toEqual([false, true])
    expect(lines(outcome).at(-1)).toMatchObject({ comparisons: 2, differences: 2 })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(
      /^fsflow: error: what was told and what is on the disk differed in 2 paths \(FSFLOW_DIFFERENCES\)\nfsflow: hint: .*doctor/,
    )
  })

  itWith([mounting], 'finds what a filesystem that was mounted later has hidden and shows', async () => {
    const process = await verify('root')
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'a')])
    try {
      writeFileSync(join(root, 'a/new'), '')
      const outcome = await stop(process)
      expect(shown(lines(outcome)[1]!)).toEqual(['extra /a/b', 'extra /a/f', 'missing /a/new'])
      expect(outcome.code).toBe(1)
    } finally {
      execFileSync('umount', ['-l', join(root, 'a')])
    }
  })

  it('leaves out what is excluded, and takes a file for a path', async () => {
    writeFileSync(join(place.path, 'file'), '')
    writeFileSync(join(place.path, 'other'), '')
    mkdirSync(join(root, 'node_modules/x'), { recursive: true })
    const process = await verify('root', '--exclude', 'node_modules', '--exclude', '*.log', '--', 'file')
    expect(lines({ stdout: await process.line(/ready/) })).toEqual([
      expect.objectContaining({ paths: ['root', 'file'], entries: 4 }),
    ])
    writeFileSync(join(root, 'node_modules/y'), '')
    writeFileSync(join(root, 'a/x.log'), '')
    rmSync(join(place.path, 'file'))
    rmSync(join(place.path, 'other'))
    const outcome = await stop(process)
    expect(lines(outcome)[1]).toMatchObject({ entries: 3, differences: [] })
    expect(outcome.code).toBe(0)
  })

  it('follows a root that goes and comes back as another', async () => {
    const process = await verify('root')
    renameSync(root, join(place.path, 'away'))
    mkdirSync(join(root, 'new'), { recursive: true })
    const outcome = await stop(process)
    expect(lines(outcome)[1]).toMatchObject({ entries: 1, differences: [] })
    expect(outcome.code).toBe(0)
  })

  it('a second signal ends it at once, with code 1', async () => {
    // What differs is looked at several times, which takes a second.
    const process = await verify('root', '--binding', 'node-inotify')
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff)]), '')
    process.kill('SIGINT')
    const again = setInterval(() => process.kill('SIGINT'), 200)
    // One that comes while it exits would kill it.
    await process
      .line(/fsflow: error: a second signal ended it before the last comparison/, 'stderr')
      .finally(() => clearInterval(again))
    expect((await process.ended).code).toBe(1)
  })

  it('prints lines for people by default', async () => {
    running = start(['verify', 'root'], { cwd: place.path })
    await running.line(/^watching root: 3 entries$/)
    const { stdout, code } = await stop(running)
    expect(stdout).toMatch(/\ncomparison 1 \(end\): no differences among 3 entries, \d+\.\d s\n/)
    expect(stdout).toMatch(/\n\d+ events?, 0 overflows, 1 comparison, 0 differences, \d+\.\d s\n$/)
    expect(code).toBe(0)
  })

  it('--load works in a directory of its own below the path, compares after each round, and cleans up', async () => {
    const outcome = await fsflow(
      ['verify', 'root', '--load', '--seconds', '2', '--seed', '7', '-o', 'json'],
      {
        cwd: place.path,
      },
    )
    expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: '' })
    const all = lines(outcome)
    expect(String((all[0]!.paths as string[])[0])).toMatch(new RegExp(`^${root}/fsflow-verify-[^/]+/tree$`))
    expect(all.at(-2)).toMatchObject({ type: 'comparison', reason: 'end' })
    expect(all.at(-1)).toMatchObject({ type: 'summary', differences: 0, seed: 7 })
    expect(all.at(-1)!.events).toBeGreaterThan(50)
    expect(readdirSync(root)).toEqual(['a'])
  })

  it('--load without a path works where temporary files are; a signal ends it early', async () => {
    running = start(['verify', '--load', '--seconds', '3600', '--seed', '1'], {
      cwd: place.path,
      env: { TMPDIR: root },
    })
    await running.line(/^watching .*\/root\/fsflow-verify-/)
    const { stdout, code } = await stop(running)
    expect(stdout).toMatch(/\ncomparison \d+ \(end\): no differences[^]*, 0 differences, seed 1, /)
    expect(code).toBe(0)
    expect(readdirSync(root)).toEqual(['a'])
  })

  const wrong: readonly (readonly [readonly string[], string])[] = [
    [[], 'a path is missing'],
    [[''], 'a path is empty'],
    [['nowhere'], 'there is no '],
    [['root', '--seed', '1'], '--seed needs --load'],
    [['root', '--seconds', '1'], '--seconds needs --load'],
    [['root', 'root/a', '--load'], '--load takes one path at most'],
    [['root', '--load', '--interval', '5'], '--interval does not go with --load'],
    [['root', '--load', '--exclude', 'x'], '--exclude does not go with --load'],
    [['root', '--load', '--seconds', '0'], '--seconds: "0" is not a whole number from 1 to 86400'],
    [['root', '--load', '--seed', 'x'], '--seed: "x" is not a whole number from 0 to 2147483647'],
    [['root', '--interval', '1.5'], '--interval: "1.5" is not a whole number'],
    [['nowhere', '--load'], 'cannot make a directory in '],
    [['root', '-o', 'csv'], '--output: there is no "csv"'],
    [['root', '--binding', 'x'], '--binding: there is no "x"'],
    [['root', '--exclude', ''], 'verify: exclude[0] is empty'],
  ]
  it.each(wrong)('%j is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await fsflow(['verify', ...args], { cwd: place.path })
    expect(stderr.split('\n')[0]).toMatch(/^fsflow: error: .* \(FSFLOW_[A-Z_]+\)$/)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(readdirSync(root)).toEqual(['a'])
  })

  it('has a help with examples', async () => {
    const { stdout, code } = await fsflow(['verify', '--help'], { cwd: place.path })
    for (const text of [
      '--interval',
      '--load',
      '--seconds',
      '--seed',
      '--exclude',
      'Examples:',
      'Exit codes:',
    ]) {
      expect(stdout).toContain(text)
    }
    expect(code).toBe(0)
  })
})
