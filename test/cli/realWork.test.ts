import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fromWire, type FileEvent } from '../../src/events/index.js'
import { until } from '../helpers/until.js'
import { listTree, TreeState } from '../helpers/TreeState.js'

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
// The checkout that is being tested serves as the real repository: it is there on every machine.
const project = spawnSync('git', ['rev-parse', '--show-toplevel'], { encoding: 'utf8' }).stdout.trim()

let directory: string
let scratch: string
let child: ChildProcessByStdio<null, Readable, Readable>
let state: TreeState
const seen = new Map<string, () => void>()
const births = new Map<string, number>()
let taken = 0
let overflows = 0
let errors = ''

function take(event: FileEvent): void {
  taken++
  state.apply(event)
  if (event.eventType === 'OVERFLOW') overflows++
  if (event.eventType === 'CREATE') births.set(event.filePath, (births.get(event.filePath) ?? 0) + 1)
  if (event.eventType === 'CREATE') seen.get(event.filePath)?.()
}

function must(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`)
}

/** Waits until the stream has told all that has happened: a marker made now comes behind it. */
let markers = 0
async function quiet(): Promise<void> {
  const marker = join(directory, `.quiet-${++markers}`)
  const told = new Promise<void>((resolve) => seen.set(marker, resolve))
  writeFileSync(marker, '')
  await told
}

async function expectTruth(): Promise<void> {
  await quiet()
  // The content of a new directory is told as soon as it has been listed: that may be behind the marker. While events
  // go on coming it is too early, and listing would only keep this process from taking them.
  let compared = -1
  await until(
    () => {
      const isQuiet = compared === taken
      compared = taken
      return isQuiet && state.differences(listTree(directory)).length === 0
    },
    () => 'the same state',
    10_000,
  ).catch(() => undefined)
  expect(state.differences(listTree(directory))).toEqual([])
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fsflow-real-'))
  scratch = mkdtempSync(join(tmpdir(), 'fsflow-scratch-'))
  state = new TreeState()
  child = spawn(process.execPath, [main, 'watch', directory, '-o', 'ndjson'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const event = fromWire(JSON.parse(line))
      if (event.eventType === 'MONITOR_START') resolve()
      else take(event)
    })
    child.once('exit', () => reject(new Error(`fsflow has ended: ${errors}`)))
  })
})

afterAll(() => {
  child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
  rmSync(scratch, { recursive: true, force: true })
})

describe('fsflow watch DIR -o ndjson, during real work', () => {
  it('sees a repository being cloned', async () => {
    must('git', ['clone', '--no-hardlinks', '-q', project, 'repository'], directory)
    await expectTruth()
  }, 60_000)

  it('sees branches being made and switched', async () => {
    const repository = join(directory, 'repository')
    must('git', ['checkout', '-q', '-b', 'other'], repository)
    must('git', ['rm', '-r', '-q', 'src/watching', 'src/events'], repository)
    mkdirSync(join(repository, 'new/deep/er'), { recursive: true })
    writeFileSync(join(repository, 'new/deep/er/file'), 'text')
    must('git', ['add', '.'], repository)
    const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.org']
    must('git', [...author, 'commit', '-q', '-m', 'other'], repository)
    must('git', ['checkout', '-q', '-'], repository)
    await expectTruth()
    must('git', ['checkout', '-q', 'other'], repository)
    must('git', ['gc', '-q'], repository)
    must('git', ['checkout', '-q', '-'], repository)
    await expectTruth()
  }, 60_000)

  it('sees npm ci', async () => {
    const repository = join(directory, 'repository')
    must('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], repository)
    await expectTruth()
    // It removes what is there and installs again.
    must('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], repository)
    await expectTruth()
  }, 300_000)

  it('sees an archive of 20,000 files being unpacked', async () => {
    for (let d = 0; d < 200; d++) {
      const folder = join(scratch, 'many', `d${d % 20}`, `e${d}`)
      mkdirSync(folder, { recursive: true })
      for (let f = 0; f < 100; f++) writeFileSync(join(folder, `f${f}`), `${d} ${f}`)
    }
    must('tar', ['cf', 'many.tar', 'many'], scratch)
    must('tar', ['xf', join(scratch, 'many.tar')], directory)
    await expectTruth()
  }, 120_000)

  it('tells no birth twice', () => {
    // Files of the archive are made once each, and only there.
    const twice = [...births].filter(
      ([path, count]) => path.startsWith(join(directory, 'many')) && count !== 1,
    )
    expect(twice).toEqual([])
    expect([...births.keys()].filter((path) => /many\/.*\/f\d+$/.test(path))).toHaveLength(20_000)
  })

  it('sees everything being deleted', async () => {
    must('rm', ['-rf', 'repository', 'many'], directory)
    await expectTruth()
    for (let i = 1; i <= markers; i++) unlinkSync(join(directory, `.quiet-${i}`))
    await expectTruth()
  }, 120_000)

  it('overflowed never, and stops cleanly', async () => {
    expect(overflows).toBe(0)
    child.removeAllListeners('exit')
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect(errors).toBe('')
    expect(code).toBe(0)
  })
})
