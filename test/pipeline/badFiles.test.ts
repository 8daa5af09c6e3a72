import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { runningPackage } from '../../src/pipeline/index.js'
import { fsflow, temporaryFolder } from '../cli/fsflow.js'

// Each file says in its first lines what is to be said of it. Those that begin with _ are imported by others.
const folder = join(runningPackage().root, 'test/pipeline/bad')
const files = readdirSync(folder).map((file) => file.replace(/\.txt$/, ''))
const place = temporaryFolder()

function said(text: string, what: string): string | undefined {
  return new RegExp(`^// ${what}: (.*)$`, 'm').exec(text)?.[1]
}

beforeAll(() => {
  for (const file of files) copyFileSync(join(folder, `${file}.txt`), join(place.path, file))
})
afterAll(place.remove)

describe('a bad pipeline file, in a folder without node_modules', () => {
  it('is outside the project', () => {
    expect(existsSync(join(place.path, 'node_modules'))).toBe(false)
    expect(files.length).toBeGreaterThan(20)
  })

  it.each(files.filter((file) => !file.startsWith('_')))('%s gets one clear message', async (file) => {
    const text = readFileSync(join(place.path, file), 'utf8')
    const message = said(text, 'expect')!
    const hint = said(text, 'hint')
    const outcomes = await Promise.all(
      ['check', 'run'].map((command) => fsflow([command, file], { cwd: place.path })),
    )
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
  })

  it.each([
    ['missing.ts', 'missing.ts: there is no such file (FSFLOW_PATH_NOT_FOUND)'],
    ['.', '.: is a directory (FSFLOW_LOAD_FAILED)'],
    ['empty.ts/x.ts', 'empty.ts/x.ts: cannot be read: ENOTDIR'],
    ['/dev/null', '/dev/null: is not a regular file (FSFLOW_LOAD_FAILED)'],
  ])('%s is not taken for one', async (file, message) => {
    const { code, stderr } = await fsflow(['run', file], { cwd: place.path })
    expect(stderr.split('\n')[0]).toContain(`fsflow: error: ${message}`)
    expect(code).toBe(2)
  })

  it('shows the stack of the exception with --verbose', async () => {
    const { stderr } = await fsflow(['check', 'throws.ts', '--verbose'], { cwd: place.path })
    expect(stderr).toMatch(/caused by TypeError: the settings are wrong\n\s+at settings \(.*throws\.ts:7:/)
  })
})
