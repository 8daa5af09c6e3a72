import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { WireEvent } from '../../../src/events/index.js'
import { until } from '../../helpers/until.js'
import { fsflow, fsflowTogether, start, temporaryFolder, type Told } from '../fsflow.js'

const place = temporaryFolder()
const at = (...names: readonly string[]): string => join(place.path, ...names)
afterAll(place.remove)

const recorded = (): WireEvent[] =>
  readFileSync(at('trail.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as WireEvent)

describe('fsflow record', () => {
  beforeAll(() => {
    mkdirSync(at('src'))
    writeFileSync(
      at('pipeline.ts'),
      `
import { definePipeline } from 'fsflow'
import { inotify } from 'fsflow/sources'
import { addWatchOnMkdir, filterGlob, joinRenames, resolvePath } from 'fsflow/operators'
import { ndjson } from 'fsflow/sinks'

export default definePipeline({
  source: inotify({ paths: ['src'] }),
  operators: [resolvePath(), addWatchOnMkdir(), joinRenames(), filterGlob({ include: ['/lib/*.ts'] })],
  sinks: [ndjson()],
})
`,
    )
  })

  it('records what a pipeline can be run on later, with its globs as they were', async () => {
    const running = start(['record', 'src', '-o', 'trail.ndjson'], { cwd: place.path })
    await until(
      () => recordedTypes().includes('MONITOR_START'),
      () => 'MONITOR_START in the file',
    )
    mkdirSync(at('src/lib'))
    writeFileSync(at('src/lib/old.ts'), 'text')
    writeFileSync(at('src/other.ts'), 'text')
    await until(
      () => recorded().some((event) => event.file_path.endsWith('other.ts')),
      () => 'the file',
    )
    renameSync(at('src/lib/old.ts'), at('src/lib/new.ts'))
    await until(
      () => recordedTypes().includes('MOVED_TO'),
      () => 'the rename',
    )
    running.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
    const replayed = await fsflow(['run', 'pipeline.ts', '--replay', 'trail.ndjson'], { cwd: place.path })
    expect(replayed.stderr).toBe('')
    expect(replayed.code).toBe(0)
    const events = replayed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as WireEvent)
    const paths = new Set(events.map((event) => event.file_path))
    expect(paths).toEqual(new Set(['', at('src/lib/old.ts'), at('src/lib/new.ts')]))
    expect(events.map((event) => event.event_type)).toContain('RENAME')
    expect(events.at(-1)?.event_type).toBe('MONITOR_STOP')
  })

  const recordedTypes = (): string[] => {
    try {
      return recorded().map((event) => event.event_type)
    } catch {
      return []
    }
  }

  describe('wrong usage', () => {
    const lines: readonly (readonly [readonly string[], string])[] = [
      [['record', 'src'], 'a file to record to is missing'],
      [['record', '-o', 'trail.ndjson'], 'a path to watch is missing'],
      [['record', 'src', '-o', 'x', '--events', 'NONE'], 'there is no "NONE"'],
      [['run', 'pipeline.ts', '--speed', '2'], '--speed needs --replay'],
      [['run', 'pipeline.ts', '--broken-lines', 'fail'], '--broken-lines needs --replay'],
      [
        ['run', 'pipeline.ts', '--replay', 'trail.ndjson', '--speed', 'fast'],
        'neither a number above 0 nor max',
      ],
      [['run', 'pipeline.ts', '--replay', 'trail.ndjson', '--broken-lines', 'no'], 'there is no "no"'],
      [['run', 'pipeline.ts', '--replay', 'missing.ndjson'], 'there is no '],
    ]
    let told: ReadonlyMap<string, Told>
    beforeAll(async () => {
      told = await fsflowTogether(
        lines.map(([argv]) => argv),
        place.path,
      )
    })

    it.each(lines)('%j', (argv, message) => {
      const outcome = told.get(argv.join(' '))!
      expect(outcome.stderr).toContain(message)
      expect(outcome.code).toBe(2)
    })
  })
})
