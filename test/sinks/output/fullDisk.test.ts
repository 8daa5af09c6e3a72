import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import type { Sink, SinkWriter } from '../../../src/contracts/index.js'
import { fromWire, toWire, type FileEvent } from '../../../src/events/index.js'
import { toCsv, toJson } from '../../../src/formats/index.js'
import { csv, json, ndjson, text, type DestinationOptions } from '../../../src/sinks/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { csvToWire, parseCsv } from '../../helpers/parseCsv.js'
import { itWith, mounting } from '../../helpers/requires.js'
import { sinkContext } from '../../helpers/sinkContext.js'
import { withSmallDisk } from '../../helpers/withDirectory.js'

interface Case {
  readonly name: string
  readonly create: (options: DestinationOptions) => Sink
  /** The paths in the order that the file has them; throws when the file is not whole. */
  readonly paths: (content: string) => readonly string[]
}

const linesOf = (content: string): readonly string[] => {
  expect(content).toMatch(/(^|\n)$/)
  return content.split('\n').slice(0, -1)
}

const cases: readonly Case[] = [
  {
    name: 'text',
    create: text,
    paths: (content) => linesOf(content).map((line) => /\/tree\/.*$/.exec(line)![0]),
  },
  {
    name: 'ndjson',
    create: ndjson,
    paths: (content) => linesOf(content).map((line) => fromWire(JSON.parse(line)).filePath),
  },
  {
    name: 'json',
    create: json,
    paths: (content) => (JSON.parse(content) as unknown[]).map((wire) => fromWire(wire).filePath),
  },
  {
    name: 'csv',
    create: csv,
    paths: (content) => csvToWire(parseCsv(content)).map((wire) => String(wire.file_path)),
  },
]

// Records of many lengths, so that the end of the disk falls within one at every place over the rounds.
function batch(from: number, size: number): readonly FileEvent[] {
  return Array.from({ length: size }, (_, index) => {
    const seq = from + index
    return fileEvent(`CREATE /tree/${seq}-${'\u00e9"'.repeat((seq * 7) % 60)}`, { seq })
  })
}

interface Failure {
  readonly code: string
  readonly lost: number
  readonly message: string
  readonly hint: string
}

// Writes until it fails; `delivered` are the paths that are said to have arrived.
async function fill(
  writer: SinkWriter,
  from: number,
  size: number,
): Promise<{ delivered: string[]; failure: Failure }> {
  const delivered: string[] = []
  for (let at = from; ; at += size) {
    const events = batch(at, size)
    const paths = events.map((event) => event.filePath)
    try {
      await writer.write(events)
      delivered.push(...paths)
    } catch (error) {
      const failure = error as Failure
      delivered.push(...paths.slice(0, size - failure.lost))
      return { delivered, failure }
    }
  }
}

describe.each(cases)('$name on a full disk', ({ name, create, paths }) => {
  itWith([mounting], 'says exactly how many events are lost, and leaves whole records only', async () => {
    for (const size of [1, 2, 5, 17, 40, 101]) {
      await withSmallDisk(20, async (directory) => {
        const path = join(directory, 'events')
        const writer = await create({ path }).open(sinkContext())
        const { delivered, failure } = await fill(writer, size * 1000, size)
        expect(failure).toEqual(
          expect.objectContaining({
            code: 'FSFLOW_DISK_FULL',
            path,
            message:
              `${name}: cannot write to ${path}: no space left on the device; ` +
              `${failure.lost} of ${size} event${size === 1 ? '' : 's'} not written`,
            hint: expect.stringContaining('df'),
          }),
        )
        expect(failure.lost).toBeGreaterThan(0)
        expect(paths(await readFile(path, 'utf8'))).toEqual(delivered)
        await writer.close()
        expect(paths(await readFile(path, 'utf8'))).toEqual(delivered)
      })
    }
  })

  itWith([mounting], 'goes on when there is room again', () =>
    withSmallDisk(64, async (directory) => {
      const path = join(directory, 'events')
      const ballast = join(directory, 'ballast')
      await writeFile(ballast, Buffer.alloc(32 * 1024))
      const writer = await create({ path }).open(sinkContext())
      const first = await fill(writer, 0, 13)
      await rm(ballast)
      const second = await fill(writer, 5000, 13)
      expect(second.delivered.length).toBeGreaterThan(50)
      await writer.close()
      expect(paths(await readFile(path, 'utf8'))).toEqual([...first.delivered, ...second.delivered])
    }),
  )

  itWith([mounting], 'that is full before the start is an error at open, or at the first write', () =>
    withSmallDisk(8, async (directory) => {
      const path = join(directory, 'events')
      await writeFile(join(directory, 'ballast'), Buffer.alloc(16 * 1024)).catch(() => undefined)
      const attempt = create({ path })
        .open(sinkContext())
        .then((writer) => writer.write(batch(0, 1)).finally(() => writer.close()))
      await expect(attempt).rejects.toEqual(expect.objectContaining({ code: 'FSFLOW_DISK_FULL' }))
      expect((await stat(path)).size).toBe(0)
    }),
  )
})

describe('ndjson on a full disk, after a line that was cut short', () => {
  itWith([mounting], 'counts the newline that it puts first', async () => {
    for (const size of [1, 2, 5, 17, 101]) {
      await withSmallDisk(8, async (directory) => {
        const path = join(directory, 'events')
        await writeFile(path, '{"se')
        const writer = await ndjson({ path }).open(sinkContext())
        const { delivered } = await fill(writer, size * 1000, size)
        const [torn, ...lines] = linesOf(await readFile(path, 'utf8'))
        expect(torn).toBe('{"se')
        expect(lines.map((line) => fromWire(JSON.parse(line)).filePath)).toEqual(delivered)
        await writer.close()
      })
    }
  })

  itWith([mounting], 'does not lose that newline when no event fits', () =>
    withSmallDisk(4, async (directory) => {
      const path = join(directory, 'events')
      await writeFile(path, '{"seq":1}'.padEnd(4000))
      const writer = await ndjson({ path }).open(sinkContext())
      const { delivered, failure } = await fill(writer, 0, 3)
      expect([delivered, failure.lost]).toEqual([[], 3])
      expect(await readFile(path, 'utf8')).toBe('{"seq":1}'.padEnd(4000) + '\n')
      await writer.close()
    }),
  )
})

describe('csv on a full disk', () => {
  itWith([mounting], 'writes the column names with the first batch for which there is room', () =>
    withSmallDisk(64, async (directory) => {
      const path = join(directory, 'events')
      const ballast = join(directory, 'ballast')
      await writeFile(ballast, Buffer.alloc(128 * 1024)).catch(() => undefined)
      const writer = await csv({ path }).open(sinkContext())
      for (const size of [1, 3]) {
        await expect(writer.write(batch(0, size))).rejects.toMatchObject({
          code: 'FSFLOW_DISK_FULL',
          lost: size,
        })
      }
      await rm(ballast)
      await writer.write(batch(5, 2))
      await writer.close()
      expect(await readFile(path, 'utf8')).toBe(toCsv(batch(5, 2)))
    }),
  )
})

describe('json on a full disk', () => {
  const capacity = 8192

  // Two events of which the second makes the whole array as long as `bytes`.
  function twoEvents(bytes: number): readonly FileEvent[] {
    const first = fileEvent('CREATE /tree/first')
    const rest = bytes - '[\n,\n\n]\n'.length - toJson(first).length
    const path = '/'.padEnd(rest - toJson(fileEvent({ filePath: '' })).length, 'x')
    return [first, fileEvent({ filePath: path })]
  }

  itWith([mounting], 'takes back an event that leaves no room for the closing bracket', async () => {
    for (const [over, lost] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
    ] as const) {
      await withSmallDisk(capacity / 1024, async (directory) => {
        const path = join(directory, 'events')
        const writer = await json({ path }).open(sinkContext())
        const events = twoEvents(capacity + over)
        const told = await writer.write(events).then(
          () => 0,
          (error: unknown) => (error as Failure).lost,
        )
        expect([over, told]).toEqual([over, lost])
        expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(events.slice(0, 2 - lost).map(toWire))
        await writer.close()
      })
    }
  })
})
