import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { of, Subject } from 'rxjs'
import type { Issue, SinkWriter } from '../../src/contracts/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { History } from '../../src/linux/store/History.js'
import { indexPath } from '../../src/linux/store/VersionIndex.js'
import { captureContent, type CaptureContentOptions } from '../../src/operators/index.js'
import { history, type HistorySinkOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/index.js'
import { itWith, mounting } from '../helpers/requires.js'
import { withDirectory, withSmallDisk } from '../helpers/withDirectory.js'

/** Events with the contents that go with them: `['CLOSE_WRITE /a', 'text']`. */
function captured(
  saves: readonly (readonly [string | FileEvent, string])[],
  options: CaptureContentOptions,
): FileEvent[] {
  const out: FileEvent[] = []
  const input = new Subject<FileEvent>()
  const contents = saves.map(([, content]) => Buffer.from(content))
  const lookup = () => {
    const bytes = contents.shift()!
    return of({ bytes, sha256: createHash('sha256').update(bytes).digest('hex'), mode: 0o640, realPath: '' })
  }
  input.pipe(captureContent({ ...options, lookup })).subscribe((event) => out.push(event))
  for (const [event] of saves) input.next(typeof event === 'string' ? fileEvent(event) : event)
  input.complete()
  return out
}

async function writing(
  directory: string,
  use: (writer: SinkWriter) => Promise<void>,
  issues: Issue[] = [],
): Promise<void> {
  const writer = await history({ directory }).open({
    signal: new AbortController().signal,
    report: (issue) => issues.push(issue),
  })
  try {
    await use(writer)
  } finally {
    await writer.close()
  }
}

function read<T>(directory: string, use: (store: History) => T): T {
  const store = new History(directory)
  try {
    return use(store)
  } finally {
    store.close()
  }
}

/** The versions of a path: number and content. */
const versions = (directory: string, path: string): (readonly [number, string])[] =>
  read(directory, (store) =>
    store.versions(path).map((version) => [version.number, store.content(version).toString()] as const),
  )

describe('history', () => {
  const within = (use: (directory: string) => Promise<void>) =>
    withDirectory((top) => use(join(top, 'store')))

  it('keeps the versions of each file, in their order', () =>
    within(async (directory) => {
      const events = captured(
        [
          ['CREATE /a', ''],
          ['CLOSE_WRITE /a', 'one'],
          ['CLOSE_WRITE /b', 'b'],
          ['CLOSE_WRITE /a', 'two'],
          ['RENAME /b -> /a', 'b'],
          ['MODIFY /a', 'half'],
        ],
        { store: directory },
      )
      await writing(directory, async (writer) => {
        await writer.write(events.slice(0, 2))
        await writer.write(events.slice(2))
        await writer.write([fileEvent('OPEN /a'), fileEvent('MONITOR_STOP')])
      })
      expect(versions(directory, '/a')).toEqual([
        [1, 'one'],
        [2, 'two'],
        [3, 'b'],
      ])
      expect(versions(directory, '/b')).toEqual([[1, 'b']])
      expect(versions(directory, '/c')).toEqual([])
    }))

  it('tells of each version when it was, by which event, with which mode, and who did it', () =>
    within(async (directory) => {
      const bytes = Buffer.from([0x2f, 0xff])
      const event = fileEvent('CLOSE_WRITE /\ufffd', {
        filePathBytes: new Uint8Array(bytes),
        processDetails: { pid: 42, name: 'vim', username: 'ada' } as FileEvent['processDetails'],
      })
      const events = captured([[event, 'x']], { store: directory })
      await writing(directory, (writer) => writer.write(events))
      const [list] = read(directory, (store) => [...store.all().values()])
      expect(list).toEqual([
        {
          path: '/\ufffd',
          path_bytes: bytes.toString('base64'),
          number: 1,
          timestamp: '2024-01-01T00:00:00.000000Z',
          event_type: 'CLOSE_WRITE',
          sha256: createHash('sha256').update('x').digest('hex'),
          size: 1,
          mode: 0o640,
          process: { pid: 42, name: 'vim', username: 'ada' },
        },
      ])
    }))

  it('has equal contents once, and no version twice in a row, also across runs', () =>
    within(async (directory) => {
      for (let run = 0; run < 2; run++) {
        const saves = ['/a', '/a', '/b'].map((path) => [`CLOSE_WRITE ${path}`, 'same'] as const)
        const events = captured(saves, { store: directory })
        await writing(directory, (writer) => writer.write(events))
      }
      expect(versions(directory, '/a')).toEqual([[1, 'same']])
      expect(versions(directory, '/b')).toEqual([[1, 'same']])
      const objects = fs.readdirSync(join(directory, 'objects'), { recursive: true, withFileTypes: true })
      expect(objects.filter((entry) => entry.isFile())).toHaveLength(1)
    }))

  it('takes contents from memory too, and reports those that are there no more', () =>
    within(async (directory) => {
      const events = captured(
        [
          ['CLOSE_WRITE /a', 'one'],
          ['CLOSE_WRITE /a', 'two'],
          ['CLOSE_WRITE /b', 'b'],
        ],
        {},
      )
      const issues: Issue[] = []
      await writing(directory, (writer) => writer.write(events), issues)
      expect(versions(directory, '/a')).toEqual([[1, 'two']])
      expect(issues).toEqual([
        expect.objectContaining({
          code: 'FSFLOW_CONTENT_LOST',
          path: '/a',
          message: 'history: a version was not kept: it was no longer in memory',
        }),
      ])
    }))

  it('reports what could not be put into the store', () =>
    within(async (directory) => {
      const preview = { before: null, after: null, diffSummary: null, truncated: false, binary: false }
      const contentPreview = { ...preview, notStored: 'no space' }
      const events = ['/a', '/b'].map((path) => fileEvent(`CLOSE_WRITE ${path}`, { contentPreview }))
      const issues: Issue[] = []
      await writing(directory, (writer) => writer.write(events), issues)
      expect(issues).toEqual([
        expect.objectContaining({ message: 'history: a version was not kept and 1 more: no space' }),
      ])
    }))

  it('goes on behind a line that was left unfinished', () =>
    within(async (directory) => {
      const events = captured([['CLOSE_WRITE /a', 'one']], { store: directory })
      await writing(directory, (writer) => writer.write(events))
      fs.appendFileSync(indexPath(directory), '{"path":"/a","sha2')
      const more = captured([['CLOSE_WRITE /a', 'two']], { store: directory })
      await writing(directory, (writer) => writer.write(more))
      expect(versions(directory, '/a')).toEqual([
        [1, 'one'],
        [2, 'two'],
      ])
    }))

  it('can be read while it is written to', () =>
    within(async (directory) => {
      await writing(directory, async (writer) => {
        await writer.write(captured([['CLOSE_WRITE /a', 'one']], { store: directory }))
        expect(versions(directory, '/a')).toEqual([[1, 'one']])
      })
    }))

  it('is pruned by number and by age, and keeps the numbers', () =>
    within(async (directory) => {
      const at = (path: string, second: number): FileEvent =>
        fileEvent(`CLOSE_WRITE ${path}`, { timestampMicros: Date.UTC(2026, 0, 1, 0, 0, second) * 1000 })
      const saves = [1, 2, 3, 4].map((second) => [at('/a', second), `a${second}`] as const)
      const events = captured([...saves, [at('/b', 1), 'a1']], { store: directory })
      await writing(directory, (writer) => writer.write(events))
      const prune = (options: Partial<Parameters<History['prune']>[0]>) => {
        const store = new History(directory, 'exclusive')
        const pruned = store.prune({ keep: undefined, before: undefined, dryRun: false, ...options })
        store.close()
        return pruned
      }
      expect(prune({ keep: 1, dryRun: true })).toMatchObject({ versions: 3, contents: 2 })
      expect(versions(directory, '/a')).toHaveLength(4)
      expect(prune({ before: '2026-01-01T00:00:02.500Z' })).toMatchObject({
        versions: 1,
        contents: 0,
        bytes: 0,
      })
      expect(prune({ keep: 2 })).toEqual({ versions: 1, contents: 1, bytes: expect.any(Number) })
      expect(versions(directory, '/a')).toEqual([
        [3, 'a3'],
        [4, 'a4'],
      ])
      expect(versions(directory, '/b')).toEqual([[1, 'a1']])
      const more = captured([['CLOSE_WRITE /a', 'a5']], { store: directory })
      await writing(directory, (writer) => writer.write(more))
      expect(versions(directory, '/a').at(-1)).toEqual([5, 'a5'])
    }))

  it('is not pruned while it is written to', () =>
    within((directory) =>
      writing(directory, () => {
        expect(() => new History(directory, 'exclusive')).toThrow(/is in use/)
        return Promise.resolve()
      }),
    ))

  it('says that a content is damaged', () =>
    within(async (directory) => {
      const events = captured([['CLOSE_WRITE /a', 'one']], { store: directory })
      await writing(directory, (writer) => writer.write(events))
      const [first] = fs.readdirSync(join(directory, 'objects'))
      const folder = join(directory, 'objects', first!)
      fs.writeFileSync(join(folder, fs.readdirSync(folder)[0]!), 'damaged')
      expect(() => versions(directory, '/a')).toThrow('/a@1 is damaged')
    }))

  itWith([mounting], 'fails on a full disk, and what was kept stays', () =>
    withSmallDisk(100, async (top) => {
      const directory = join(top, 'store')
      const first = captured([['CLOSE_WRITE /a', 'one']], { store: directory })
      await writing(directory, async (writer) => {
        await writer.write(first)
        const path = `/${'long'.repeat(500)}`
        const events = captured(
          Array.from({ length: 60 }, (_, index) => [`CLOSE_WRITE ${path}${index}`, 'one'] as const),
          { store: directory },
        )
        await expect(writer.write(events)).rejects.toMatchObject({ code: 'FSFLOW_DISK_FULL', lost: 60 })
      })
      expect(versions(directory, '/a')).toEqual([[1, 'one']])
    }),
  )

  it('makes private files only, and tells which are its own', () =>
    within(async (directory) => {
      await writing(directory, async (writer) => {
        await writer.write(captured([['CLOSE_WRITE /a', 'one']], { store: directory }))
        expect(writer.ownFiles.map(({ path }) => path)).toEqual([
          indexPath(directory),
          join(directory, 'lock'),
        ])
      })
      for (const name of fs.readdirSync(directory, { recursive: true }) as string[]) {
        const { mode } = fs.statSync(join(directory, name))
        expect([name, mode & 0o077]).toEqual([name, 0])
      }
    }))

  it('checks the directory, and makes nothing then', () =>
    withDirectory(async (top) => {
      const directory = join(top, 'store')
      const sink = history({ directory })
      await sink.check()
      expect(fs.existsSync(directory)).toBe(false)
      expect(await sink.destination!()).toBe(directory)
      expect(sink.description).toBe(`versions of files, kept in ${directory}`)
      fs.writeFileSync(directory, '')
      const refusal = expect.objectContaining({ code: 'FSFLOW_SINK_OPEN', path: directory })
      await expect(sink.check()).rejects.toEqual(refusal)
      await expect(
        sink.open({ signal: new AbortController().signal, report: () => undefined }),
      ).rejects.toEqual(refusal)
    }))

  it('refuses to write when it is closed', () =>
    within(async (directory) => {
      let closed: SinkWriter | undefined
      await writing(directory, (writer) => Promise.resolve(void (closed = writer)))
      await closed!.close()
      await expect(closed!.write([fileEvent('CREATE /a')])).rejects.toMatchObject({
        code: 'FSFLOW_SINK_WRITE',
      })
    }))

  it.each([
    [undefined, 'options'],
    [{}, 'directory'],
    [{ directory: '' }, 'directory'],
    [{ directory: 'a\0b' }, 'directory'],
    [{ directory: 'a', keep: 5 }, 'keep'],
  ])('refuses %p', (options, path) => {
    expect(() => history(options as HistorySinkOptions)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', path }),
    )
  })
})
