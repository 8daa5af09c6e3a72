import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fsflow, fsflowTogether, start, temporaryFolder, type Told } from '../fsflow.js'

let place: ReturnType<typeof temporaryFolder>
let file: string
let binary: string

/** A history of some files, as `fsflow watch --history` makes it. */
beforeAll(async () => {
  place = temporaryFolder()
  const root = join(place.path, 'work')
  fs.mkdirSync(root)
  file = join(root, 'no@tes\u001b.md')
  binary = join(root, 'binary')
  const watching = start(['watch', 'work', '--history', 'store', '-o', 'ndjson'], { cwd: place.path })
  await watching.line(/MONITOR_START/)
  for (const text of ['one\n', 'one\ntwo\n', 'three\n']) {
    fs.writeFileSync(file, text)
    fs.chmodSync(file, 0o640)
    await watching.line(
      new RegExp(`CLOSE_WRITE.*"after":${JSON.stringify(JSON.stringify(text)).slice(1, -1)}`),
    )
  }
  fs.writeFileSync(binary, Buffer.from([0, 255, 1]))
  await watching.line(/closed after writing: 3 bytes/)
  fs.writeFileSync(binary, Buffer.from([0, 255, 2, 3]))
  await watching.line(/closed after writing: 4 bytes/)
  watching.kill('SIGTERM')
  expect((await watching.ended).code).toBe(0)
})

afterAll(() => place.remove())

async function run(...args: string[]): Promise<Told> {
  const line = [...args, '--store', 'store']
  return (await fsflowTogether([line], place.path)).get(line.join(' '))!
}

const json = async (...args: string[]): Promise<unknown> => {
  const { stdout, code } = await run(...args, '-o', 'json')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

/** The number of the version that holds a text. */
async function numberOf(text: string): Promise<number> {
  const versions = (await json('history', file)) as { number: number; size: number }[]
  return versions.find(({ size }) => size === text.length)!.number
}

describe('fsflow history', () => {
  it('lists the files that it has', async () => {
    const { stdout } = await run('history')
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      expect.stringMatching(/^\d {2}\d{4}-\d\d-\d\d .*no@tes\\x1B\.md$|^\d+ {2}\d{4}-.*binary$/),
      expect.stringMatching(/^\d+ {2}\d{4}-.*(binary|no@tes\\x1B\.md)$/),
    ])
    expect(await json('history')).toEqual(
      expect.arrayContaining([
        {
          versions: expect.any(Number),
          last: expect.objectContaining({ path: file, size: 6, mode: '0640' }),
        },
      ]),
    )
  })

  it('lists the versions of a file', async () => {
    const { stdout } = await run('history', file)
    expect(stdout).toContain('no@tes\\x1B.md\n@1')
    expect(stdout).toMatch(/^@\d+ {2}\S+Z +8 bytes {2}0640 {2}[0-9a-f]{12} {2}CLOSE_WRITE$/m)
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/\u001b/)
  })
})

describe('fsflow show', () => {
  it('prints a version as it was, byte for byte', async () => {
    const { stdout } = await fsflow(['show', `${file}@${await numberOf('one\ntwo\n')}`, '--store', 'store'], {
      cwd: place.path,
    })
    expect(stdout).toBe('one\ntwo\n')
    expect(await json('show', `${file}@${await numberOf('three\n')}`)).toMatchObject({
      path: file,
      content: 'three\n',
    })
    expect(await json('show', `${binary}@1`)).toMatchObject({
      content_base64: Buffer.from([0, 255, 1]).toString('base64'),
    })
  })
})

describe('fsflow diff', () => {
  it('compares two versions', async () => {
    const [from, to] = [await numberOf('one\n'), await numberOf('one\ntwo\n')]
    const { stdout } = await run('diff', `${file}@${from}..${to}`)
    expect(stdout).toMatch(/^--- .*no@tes\\033\.md@\d+"\n\+\+\+ .*\n@@ -1,1 \+1,2 @@\n one\n\+two\n$/)
    expect(await json('diff', `${file}@${to}..${from}`)).toMatchObject({
      path: file,
      from: to,
      to: from,
      added: 0,
      removed: 1,
    })
    expect(await json('diff', `${file}@${to}..${to}`)).toMatchObject({ diff: '', difference: 'none' })
    expect((await run('diff', `${file}@${to}..${to}`)).stdout).toBe('')
    expect((await run('diff', `${binary}@1..2`)).stdout).toBe('the versions differ, and are no text\n')
  })
})

describe('fsflow restore', () => {
  it('makes a file what it was, with its mode, and leaves nothing else behind', async () => {
    const version = `${file}@${await numberOf('one\ntwo\n')}`
    const before = fs.readdirSync(join(place.path, 'work'))
    const { stdout, code } = await run('restore', version)
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/no@tes\\x1B\.md is .*no@tes\\x1B\.md@\d+ again: 8 bytes\n$/),
    ])
    expect(fs.readFileSync(file, 'utf8')).toBe('one\ntwo\n')
    expect(fs.statSync(file).mode & 0o7777).toBe(0o640)
    expect(fs.readdirSync(join(place.path, 'work'))).toEqual(before)
    const target = join(place.path, 'copy')
    expect(await json('restore', `${binary}@1`, '--to', 'copy')).toMatchObject({
      restored_to: target,
      number: 1,
    })
    expect(fs.readFileSync(target)).toEqual(Buffer.from([0, 255, 1]))
  })

  it('does not destroy what the history does not have, unless it is told to', async () => {
    const target = join(place.path, 'unsaved')
    fs.writeFileSync(target, 'precious')
    const refused = await run('restore', `${binary}@1`, '--to', 'unsaved')
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('holds what the history does not have'),
    })
    expect(fs.readFileSync(target, 'utf8')).toBe('precious')
    expect(await run('restore', `${binary}@1`, '--to', 'unsaved', '--force')).toMatchObject({ code: 0 })
    expect(fs.readFileSync(target)).toEqual(Buffer.from([0, 255, 1]))
  })

  it('does not write through a symbolic link, nor over a directory', async () => {
    const target = join(place.path, 'target')
    fs.writeFileSync(target, 'target')
    fs.symlinkSync(target, join(place.path, 'link'))
    for (const to of ['link', 'work']) {
      const { code, stderr } = await run('restore', `${binary}@1`, '--to', to, '--force')
      expect([code, stderr]).toEqual([1, expect.stringContaining('it is no regular file')])
    }
    expect(fs.readFileSync(target, 'utf8')).toBe('target')
  })
})

describe('the history of a file that was there before', () => {
  it('begins with what it held at the start, however it is replaced or deleted', async () => {
    const root = join(place.path, 'project')
    const path = (name: string): string => join(root, name)
    fs.mkdirSync(root)
    const names = ['inPlace', 'renamedOver', 'backedUp', 'deleted', 'untouched']
    for (const name of [...names, '.env', 'ignored']) fs.writeFileSync(path(name), `${name} at the start\n`)
    fs.chmodSync(path('renamedOver'), 0o600)
    const args = [
      'watch',
      'project',
      '--history',
      'kept',
      '--baseline',
      '--exclude',
      'ignored',
      '-o',
      'ndjson',
    ]
    const watching = start(args, { cwd: place.path })
    await watching.line(/MONITOR_START/)
    // Events wait until all has been read.
    fs.mkdirSync(path('probe'))
    await watching.line(/CREATE.*probe"/)
    fs.writeFileSync(path('inPlace'), 'new\n')
    fs.writeFileSync(path('4913'), 'new\n')
    fs.renameSync(path('4913'), path('renamedOver'))
    fs.renameSync(path('backedUp'), path('backedUp~'))
    fs.writeFileSync(path('backedUp'), 'new\n')
    fs.rmSync(path('backedUp~'))
    for (const name of ['.env', 'ignored']) fs.writeFileSync(path(name), 'new\n')
    fs.rmSync(path('deleted'))
    await watching.line(/DELETE.*deleted"/)
    watching.kill('SIGTERM')
    expect((await watching.ended).code).toBe(0)
    const line = ['history', '--store', 'kept', '-o', 'json']
    const { stdout } = (await fsflowTogether([line], place.path)).get(line.join(' '))!
    const files = JSON.parse(stdout) as { last: { path: string } }[]
    const told = files.map(({ last }) => last.path.slice(root.length + 1))
    for (const name of names.slice(0, 4)) expect(told).toContain(name)
    for (const name of ['untouched', '.env', 'ignored']) expect(told).not.toContain(name)
    const firsts = names.slice(0, 4).map((name) => ['show', `project/${name}@1`, '--store', 'kept'])
    const shown = await fsflowTogether(firsts, place.path)
    expect(firsts.map((words) => shown.get(words.join(' '))!.stdout)).toEqual(
      names.slice(0, 4).map((name) => `${name} at the start\n`),
    )
    const versions = ['history', 'project/renamedOver', '--store', 'kept']
    const lines = (await fsflowTogether([versions], place.path)).get(versions.join(' '))!.stdout
    expect(lines).toMatch(/^@1 .* 0600 .*BASELINE$/m)
  })
})

describe('fsflow prune', () => {
  it('says what it would give up, and gives it up', async () => {
    fs.cpSync(join(place.path, 'store'), join(place.path, 'pruned'), { recursive: true })
    fs.chmodSync(join(place.path, 'pruned'), 0o700)
    const prune = async (...args: string[]): Promise<string> => {
      const line = ['prune', '--store', 'pruned', ...args]
      return (await fsflowTogether([line], place.path)).get(line.join(' '))!.stdout
    }
    const { versions } = JSON.parse(await prune('--keep', '1', '--dry-run', '-o', 'json')) as {
      versions: number
    }
    expect(versions).toBeGreaterThan(2)
    // Of a version that was empty, or half written, only the content may be there.
    expect(await prune('--days', '1')).toMatch(/^0 versions given up, \d contents?, \d+ bytes?\n$/)
    expect(await prune('--keep', '1')).toMatch(
      new RegExp(`^${versions} versions given up, \\d contents?, \\d+ bytes?\n$`),
    )
    expect(JSON.parse(await prune('--keep', '1', '-o', 'json'))).toEqual({
      versions: 0,
      contents: 0,
      bytes: 0,
      dry_run: false,
    })
  })
})

describe('the commands of a history', () => {
  it('say what is wrong', async () => {
    const wrong: Readonly<Record<string, string>> = {
      'history --store none': 'there is no history at',
      'history missing --store store': 'the history has no version of',
      'history a b --store store': 'Unknown argument: b',
      history: 'the directory of the history is missing',
      'history --store store -o xml': 'there is no "xml"',
      'show --store store': 'the version is missing',
      'show x --store store': '"x" is not of the form PATH@N',
      [`show ${binary}@99 --store store`]: 'there is no version 99',
      'diff x@1 --store store': '"x@1" is not of the form PATH@A..B',
      'diff --store store': 'the versions are missing',
      'restore --store store': 'the version is missing',
      'prune --store store': 'it is not said what to keep',
      'prune --keep 0 --store store': '"0" is not a whole number',
      'watch work --history=': '--history is empty',
    }
    const told = await fsflowTogether(
      Object.keys(wrong).map((line) => line.split(' ')),
      place.path,
    )
    for (const [line, problem] of Object.entries(wrong)) {
      expect([line, told.get(line)]).toEqual([
        line,
        { code: expect.any(Number), stdout: '', stderr: expect.stringContaining(problem) },
      ])
      expect(told.get(line)!.code).not.toBe(0)
    }
  })
})
