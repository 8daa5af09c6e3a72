import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { runningPackage } from '../../src/pipeline/index.js'
import { fsflow, fsflowTogether, temporaryFolder, type Told } from '../cli/fsflow.js'

// Each file says in its first lines what is to be said of it. Those that begin with _ are imported by others.
const folder = join(runningPackage().root, 'test/pipeline/bad')
const files = readdirSync(folder).map((file) => file.replace(/\.txt$/, ''))
const place = temporaryFolder()

function said(text: string, what: string): string | undefined {
  return new RegExp(`^// ${what}: (.*)$`, 'm').exec(text)?.[1]
}

const commands = ['check', 'run'] as const
// What these do may end their process, or come while the next one is under way.
const alone = [
  'exits.ts',
  'exitsLater.ts',
  'forgottenAwait.ts',
  'importNotAwaited.ts',
  'neverSettles.ts',
  'throwsInTimer.ts',
]
const together = files.filter((file) => !file.startsWith('_') && !alone.includes(file))
const noFiles = [
  ['missing.ts', 'missing.ts: there is no such file (FSFLOW_PATH_NOT_FOUND)'],
  ['.', '.: is a directory (FSFLOW_LOAD_FAILED)'],
  ['empty.ts/x.ts', 'empty.ts/x.ts: cannot be read: ENOTDIR'],
  ['/dev/null', '/dev/null: is not a regular file (FSFLOW_LOAD_FAILED)'],
] as const
/** What was told of those that share a process, by command and file. */
let told: ReadonlyMap<string, Told>

beforeAll(async () => {
  for (const file of files) copyFileSync(join(folder, `${file}.txt`), join(place.path, file))
  // A check that has failed may print its plan all the same, while the next one is under way: so it comes last.
  const lines = [...noFiles.map(([file]) => file), ...together].map((file) => ['run', file])
  lines.push(...together.map((file) => ['check', file]))
  told = await fsflowTogether(lines, place.path)
}, 60_000)
afterAll(place.remove)

/** Holds what is said of a bad file against what its first lines ask for. */
function judge(file: string, outcomes: readonly Told[]): void {
  const text = readFileSync(join(place.path, file), 'utf8')
  const message = said(text, 'expect')!
  const hint = said(text, 'hint')
  for (const { code, stderr } of outcomes) {
    const [first, second, ...rest] = stderr.trimEnd().split('\n')
    expect(first).toMatch(/^fsflow: error: .* \(FSFLOW_[A-Z_]+\)$/)
    expect(first).toContain(message)
    if (hint !== undefined) expect(second).toContain(hint)
    if (second !== undefined) expect(second).toMatch(/^fsflow: hint: /)
    expect(rest).toEqual([])
    expect(code).toBe(2)
  }
  expect(outcomes[1]!.stdout).toBe('')
}

describe('a bad pipeline file, in a folder without node_modules', () => {
  it('is outside the project', () => {
    expect(existsSync(join(place.path, 'node_modules'))).toBe(false)
    expect(together.length).toBeGreaterThan(20)
  })

  it.each(together)('%s gets one clear message', (file) => {
    const outcomes = commands.map((command) => told.get(`${command} ${file}`))
    // One that ends the process is to be among those that have their own.
    expect(outcomes).not.toContain(undefined)
    judge(file, outcomes as Told[])
  })

  it.each(alone)('%s gets it in a process of its own', async (file) => {
    judge(file, await Promise.all(commands.map((command) => fsflow([command, file], { cwd: place.path }))))
  })

  it.each(noFiles)('%s is not taken for one', (file, message) => {
    const { code, stderr } = told.get(`run ${file}`)!
    expect(stderr.split('\n')[0]).toContain(`fsflow: error: ${message}`)
    expect(code).toBe(2)
  })

  it('shows the stack of the exception with --verbose', async () => {
    const { stderr } = await fsflow(['check', 'throws.ts', '--verbose'], { cwd: place.path })
    expect(stderr).toMatch(/caused by TypeError: the settings are wrong\n\s+at settings \(.*throws\.ts:7:/)
  })
})
