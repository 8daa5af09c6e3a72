import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { Issue, SourceRequest } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import { eventTypes, type FileEvent } from '../../src/events/index.js'
import { toNdjson } from '../../src/formats/index.js'
import { replay, type ReplaySourceOptions } from '../../src/sources/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { hostileNames } from '../../src/testing/hostileNames.js'
import { withDirectory } from '../helpers/withDirectory.js'

const request: SourceRequest = {
  prune: [],
  eventTypes: new Set(eventTypes),
  resolvePaths: false,
  processes: false,
  ownFiles: [],
}

interface Told {
  readonly events: readonly FileEvent[]
  readonly issues: readonly Issue[]
  readonly error: unknown
}

/** What a source tells until it ends by itself, or is stopped after some events. */
function tell(options: ReplaySourceOptions, stopAfter = Infinity): Promise<Told> {
  const events: FileEvent[] = []
  const issues: Issue[] = []
  const controller = new AbortController()
  const source = replay(options)
  return new Promise((resolve) => {
    source.open({ signal: controller.signal, report: (issue) => issues.push(issue) }, request).subscribe({
      next: (event) => {
        events.push(event)
        if (events.length === stopAfter) controller.abort()
      },
      error: (error: unknown) => resolve({ events, issues, error }),
      complete: () => resolve({ events, issues, error: undefined }),
    })
  })
}

function withTrail<T>(content: string, use: (path: string) => Promise<T>): Promise<T> {
  return withDirectory(async (directory) => {
    const path = join(directory, 'trail.ndjson')
    await writeFile(path, content)
    return use(path)
  })
}

const trail = (...events: readonly FileEvent[]): string => events.map(toNdjson).join('')

describe('replay', () => {
  it('tells the events as they were, numbered anew, between borders of its own', () => {
    const recorded = [
      fileEvent('MONITOR_START', { seq: 1, timestampMicros: 1_000_000 }),
      fileEvent('CREATE /a/b', { seq: 2, timestampMicros: 2_000_000, source: 'inotify' }),
      fileEvent('RENAME /a/b -> /a/c', { seq: 7, timestampMicros: 3_000_000, source: 'inotify' }),
      fileEvent('MONITOR_STOP', { seq: 8, timestampMicros: 4_000_000 }),
    ]
    return withTrail(trail(...recorded), async (path) => {
      const { events, issues, error } = await tell({ path })
      expect(error).toBeUndefined()
      expect(issues).toEqual([])
      expect(events[0]).toMatchObject({
        seq: 1,
        timestampMicros: 1_000_000,
        eventType: 'MONITOR_START',
        source: 'replay',
        controlDetails: { code: 'FSFLOW_MONITOR_START', message: `replaying ${path}` },
      })
      expect(events.slice(1)).toEqual([recorded[1]!.with({ seq: 2 }), recorded[2]!.with({ seq: 3 })])
    })
  })

  it('tells any name as it was', () => {
    const recorded = hostileNames.map((name, index) => {
      const bytes = Buffer.concat([Buffer.from('/d/'), Buffer.from(name)])
      const isText = typeof name === 'string'
      return fileEvent({
        seq: index + 2,
        filePath: bytes.toString(),
        ...(!isText && { filePathBytes: new Uint8Array(bytes) }),
      })
    })
    return withTrail(trail(...recorded), async (path) => {
      expect((await tell({ path })).events.slice(1)).toEqual(recorded)
    })
  })

  it('begins and ends also when there is no event', () =>
    withTrail('', async (path) => {
      const { events } = await tell({ path })
      expect(events.map(({ eventType }) => eventType)).toEqual(['MONITOR_START'])
    }))

  it('tells a broken line with its number and leaves it out', () =>
    withTrail(
      `${toNdjson(fileEvent('CREATE /a'))}{"event_ty\n{"event_type":"NONE"}\n${toNdjson(fileEvent('CREATE /b'))}`,
      async (path) => {
        const { events, issues, error } = await tell({ path })
        expect(error).toBeUndefined()
        expect(events.map(({ eventType, filePath, seq }) => [seq, eventType, filePath])).toEqual([
          [1, 'MONITOR_START', ''],
          [2, 'CREATE', '/a'],
          [3, 'WARNING', ''],
          [4, 'WARNING', ''],
          [5, 'CREATE', '/b'],
        ])
        expect(events[2]!.controlDetails).toMatchObject({
          code: 'FSFLOW_INVALID_EVENT',
          counts: { lines: 1 },
        })
        expect(issues.map(({ message }) => message)).toEqual([
          expect.stringMatching(/trail\.ndjson:2 is not an event: .*JSON.*; it is left out$/s),
          expect.stringMatching(/trail\.ndjson:3 is not an event: event_type is not a known type: NONE; /),
        ])
      },
    ))

  it('counts broken lines that are many', () =>
    withTrail('x\n'.repeat(500), async (path) => {
      const { events, issues } = await tell({ path })
      expect(issues).toHaveLength(21)
      expect(issues[20]!.message).toBe(`${path}: 480 further lines are left out`)
      const lines = events.map(({ controlDetails }) => controlDetails?.counts?.lines ?? 0)
      expect(lines.reduce((sum, count) => sum + count, 0)).toBe(500)
    }))

  it('fails at a broken line when asked to, after what stands before it', () =>
    withTrail(`${toNdjson(fileEvent('CREATE /a'))}[]\n`, async (path) => {
      const { events, error } = await tell({ path, brokenLines: 'fail' })
      expect(events).toHaveLength(2)
      expect(error).toMatchObject({
        code: 'FSFLOW_INVALID_EVENT',
        path,
        message: `${path}:2 is not an event: event_type is not a known type: undefined`,
      })
    }))

  it('gives events the root that was watched', () =>
    withTrail(
      trail(...['/a/b/f', '/a/f', '/ab', '/x'].map((path) => fileEvent(`CREATE ${path}`))),
      async (path) => {
        const { events } = await tell({ path, roots: ['/a', '/a/b'] })
        expect(events.map(({ root }) => root)).toEqual(['', '/a/b', '/a', '', ''])
      },
    ))

  it('stops in the middle, also while it waits for the time of an event', () => {
    const events = [
      fileEvent('CREATE /a'),
      fileEvent('CREATE /b', { timestampMicros: 2_000_000_000_000_000 }),
    ]
    return withTrail(trail(...events), async (path) => {
      const told = await tell({ path, speed: 1 }, 2)
      expect(told.error).toBeUndefined()
      expect(told.events.map(({ filePath }) => filePath)).toEqual(['', '/a'])
    })
  })

  it('fails with a code when the file cannot be read', () =>
    withDirectory(async (directory) => {
      const { error } = await tell({ path: join(directory, 'missing') })
      expect(FsflowError.is(error) && error.code).toBe('FSFLOW_KERNEL')
    }))

  it('check says what it would do, and finds what is in its way', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'trail')
      const { problems: missing } = await replay({ path }).check(request)
      expect(missing).toMatchObject([{ code: 'FSFLOW_PATH_NOT_FOUND', message: `there is no ${path}` }])
      await writeFile(path, '')
      await chmod(path, 0o600)
      expect(await replay({ path, speed: 2 }).check(request)).toEqual({
        lines: [
          `replays the events of ${path}, at 2 times their pace`,
          'a line that is not an event is told and left out',
        ],
        problems: [],
      })
      await mkdir(join(directory, 'folder'))
      const { problems } = await replay({ path: join(directory, 'folder') }).check(request)
      expect(problems).toMatchObject([{ code: 'FSFLOW_PATH_NOT_FOUND' }])
    }))

  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [{}, 'path must be a path'],
    [{ path: '' }, 'path must be a path'],
    [{ path: 'a', speed: 0 }, 'speed must be a number above 0'],
    [{ path: 'a', speed: '2' }, 'speed must be a number above 0'],
    [{ path: 'a', speed: Infinity }, 'speed must be a number above 0'],
    [{ path: 'a', brokenLines: 'ignore' }, 'brokenLines is not known'],
    [{ path: 'a', roots: [''] }, 'roots[0] must be a path'],
    [{ path: 'a', loop: true }, 'loop is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => replay(options as ReplaySourceOptions)).toThrow(`replay: ${message}`)
  })
})
