import {
  copyFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { fsflow, start, temporaryFolder, type Running } from './cli/fsflow.js'
import { parseCsv } from './helpers/parseCsv.js'
import { until } from './helpers/until.js'

// Compiled tests lie two folders below the root of the repository.
const examples = fileURLToPath(new URL('../../examples/', import.meta.url))

let place: ReturnType<typeof temporaryFolder>
let running: Running | undefined
beforeEach(() => {
  place = temporaryFolder()
  running = undefined
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await running?.ended
  place.remove()
})

const at = (...names: readonly string[]): string => join(place.path, ...names)

/** Runs a copy of the example in a folder without node_modules above it, until `use` has ended. */
async function runExample(file: string, use: (example: Running) => Promise<void>): Promise<string> {
  copyFileSync(join(examples, file), at(file))
  running = start(['run', file], { cwd: place.path })
  await use(running)
  running.kill('SIGTERM')
  const { code, stdout, stderr } = await running.ended
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

interface Line {
  readonly event_type: string
  readonly file_path: string
  readonly operation_details?: unknown
}

const objects = (stdout: string): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

const runs: Readonly<Record<string, () => Promise<void>>> = {
  'audit-log.ts': async () => {
    mkdirSync(at('shared'))
    const table = at('logs', 'audit.csv')
    const text = (): string => (existsSync(table) ? readFileSync(table, 'utf8') : '')
    const told = (row: string): Promise<void> =>
      until(
        () => text().includes(row),
        () => `${row} in ${text()}`,
      )
    await runExample('audit-log.ts', async () => {
      await told('MONITOR_START')
      writeFileSync(at('shared', '=sum'), 'text')
      chmodSync(at('shared', '=sum'), 0o640)
      await told('-rw-r-----,4')
      renameSync(at('shared', '=sum'), at('shared', 'b'))
      rmSync(at('shared', 'b'))
      await told('DELETE')
    })
    await runExample('audit-log.ts', () => until(() => text().split('MONITOR_START').length === 3, text))
    const rows = parseCsv(text())
    expect(rows[0]).toEqual([
      'timestamp',
      'event_type',
      'file_path',
      'old_path',
      'is_directory',
      'file_metadata.owner_name',
      'file_metadata.permissions',
      'file_metadata.size',
    ])
    const types = rows.slice(1).map((row) => row[1])
    expect([...new Set(types)].sort()).toEqual([
      'ATTRIB',
      'CLOSE_WRITE',
      'CREATE',
      'DELETE',
      'MODIFY',
      'MONITOR_START',
      'MONITOR_STOP',
      'RENAME',
    ])
    expect(types.at(-1)).toBe('MONITOR_STOP')
    expect(rows.find((row) => row[1] === 'RENAME')?.slice(2, 4)).toEqual([
      at('shared', 'b'),
      at('shared', '=sum'),
    ])
  },

  'build-trigger.ts': async () => {
    mkdirSync(at('node_modules'))
    const stdout = await runExample('build-trigger.ts', async (example) => {
      await example.line(/MONITOR_START/)
      writeFileSync(at('node_modules', 'unwanted.ts'), '')
      writeFileSync(at('notes.md'), '')
      mkdirSync(at('src'))
      writeFileSync(at('src', 'app.ts'), '1')
      writeFileSync(at('src', 'app.ts'), '2')
      await example.line(/CREATE .*app\.ts/)
      renameSync(at('src', 'app.ts'), at('src', 'main.ts'))
      await example.line(/RENAME .*app\.ts -> .*main\.ts/)
      rmSync(at('src', 'main.ts'))
      await example.line(/DELETE .*main\.ts/)
    })
    expect(stdout).not.toMatch(/unwanted|notes/)
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('MONITOR_STOP')
  },

  'raw-events.ts': async () => {
    writeFileSync(at('old'), 'text')
    const stdout = await runExample('raw-events.ts', async (example) => {
      await example.line(/MONITOR_START/)
      readFileSync(at('old'))
      renameSync(at('old'), at('new'))
      await example.line(/MOVED_TO .*new/)
    })
    const types = stdout.split('\n').flatMap((line) => / {2}([A-Z_]+) /.exec(line)?.[1] ?? [])
    expect(types).toEqual([
      'MONITOR_START',
      'OPEN',
      'ACCESS',
      'CLOSE_NOWRITE',
      'MOVED_FROM',
      'MOVED_TO',
      'MONITOR_STOP',
    ])
  },

  'new-files-only.ts': async () => {
    mkdirSync(at('inbox'))
    writeFileSync(at('inbox', 'there before'), '')
    const stdout = await runExample('new-files-only.ts', async (example) => {
      await example.line(/MONITOR_START/)
      writeFileSync(at('inbox', 'there before'), 'more')
      mkdirSync(at('inbox', 'monday'))
      writeFileSync(at('inbox', 'monday', 'scan.pdf'), 'text')
      writeFileSync(at('inbox', 'report.part'), 'text')
      renameSync(at('inbox', 'report.part'), at('inbox', 'report.csv'))
      await example.line(/scan\.pdf/)
      await example.line(/report\.csv/)
    })
    const told = objects(stdout).map((event) => [event.event_type, event.file_path])
    expect(told).toHaveLength(4)
    expect(told[0]).toEqual(['MONITOR_START', ''])
    expect(told).toContainEqual(['CREATE', at('inbox', 'monday', 'scan.pdf')])
    expect(told).toContainEqual(['CREATE', at('inbox', 'report.csv')])
    expect(told[3]).toEqual(['MONITOR_STOP', ''])
  },

  'rotated-log.ts': async () => {
    mkdirSync(at('shared'))
    const log = at('logs', 'changes.ndjson')
    const text = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '')
    const told = (part: string): Promise<void> =>
      until(
        () => text().includes(part),
        () => `${part} in ${text()}`,
      )
    await runExample('rotated-log.ts', async () => {
      await told('MONITOR_START')
      mkdirSync(at('shared', 'a'))
      await told(at('shared', 'a'))
    })
    // Of another day: put aside by the first event of this one.
    utimesSync(log, 86_400, 86_400)
    await runExample('rotated-log.ts', () =>
      until(
        () => /^changes\.ndjson,changes\.ndjson\.[^.]*\.gz$/.test(readdirSync(at('logs')).sort().join()),
        () => readdirSync(at('logs')).join(),
      ),
    )
    const [, aside] = readdirSync(at('logs')).sort()
    const before = objects(gunzipSync(readFileSync(at('logs', aside!))).toString())
    expect(before.map((event) => event.event_type)).toEqual(['MONITOR_START', 'CREATE', 'MONITOR_STOP'])
    expect(objects(text()).map((event) => event.event_type)).toEqual(['MONITOR_START', 'MONITOR_STOP'])
  },

  'run-tests.ts': async () => {
    mkdirSync(at('src'))
    const manifest = { scripts: { test: 'echo the tests ran for $FSFLOW_EVENTS' } }
    writeFileSync(at('package.json'), JSON.stringify(manifest))
    const stdout = await runExample('run-tests.ts', async (example) => {
      await example.line(/MONITOR_START/)
      mkdirSync(at('src', 'lib.ts'))
      await example.line(/^the tests ran for 1$/)
    })
    expect(stdout).toContain('MONITOR_STOP')
  },

  'with-rxjs.ts': async () => {
    writeFileSync(at('harmless'), '')
    const stdout = await runExample('with-rxjs.ts', async (example) => {
      await example.line(/MONITOR_START/)
      chmodSync(at('harmless'), 0o600)
      mkdirSync(at('open'))
      chmodSync(at('open'), 0o777)
      await example.line(/"file_path":"[^"]*open"/)
    })
    const [first, ...others] = objects(stdout)
    const last = others.pop()
    expect([first?.event_type, last?.event_type]).toEqual(['MONITOR_START', 'MONITOR_STOP'])
    expect(new Set(others.map((event) => event.file_path))).toEqual(new Set([at('open')]))
    expect(others[0]?.operation_details).toEqual({
      description: 'anyone may write to this directory',
      size_change: null,
    })
  },
}

describe('examples', () => {
  it('has a test for each', () => {
    expect(readdirSync(examples).sort()).toEqual(Object.keys(runs).sort())
  })

  it.each(Object.keys(runs))('%s runs', (file) => runs[file]!(), 60_000)

  it.each(Object.keys(runs))('%s passes fsflow check, which makes nothing', async (file) => {
    for (const folder of ['shared', 'inbox', 'src']) mkdirSync(at(folder))
    copyFileSync(join(examples, file), at(file))
    const before = readdirSync(place.path)
    const { code, stdout, stderr } = await fsflow(['check', file], { cwd: place.path })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^pipeline [^]*\nsource inotify\n[^]*\nsinks\n/)
    expect(readdirSync(place.path)).toEqual(before)
  })

  it.each(Object.keys(runs))('%s says first what it is for', (file) => {
    expect(readFileSync(join(examples, file), 'utf8')).toMatch(/^\/\/ [A-Z]/)
  })
})
