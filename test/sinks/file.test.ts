import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import type { Issue, RunContext, SinkWriter } from '../../src/contracts/index.js'
import { fromWire, toWire, type FileEvent } from '../../src/events/index.js'
import { toCsv, toJson, toText } from '../../src/formats/index.js'
import { file, type FileSinkOptions, type RotateOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { thrownBy } from '../pipeline/fakes.js'
import { asCsvTells, csvToWire, parseCsv } from '../helpers/parseCsv.js'
import { itWith, mounting, root } from '../helpers/requires.js'
import { asideOf, linesOf, seqsOf, textOf } from '../helpers/rotated.js'
import { recordLaws } from '../helpers/recordLaws.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { until } from '../helpers/until.js'
import { withDirectory, withSmallDisk } from '../helpers/withDirectory.js'

function batch(from: number, count: number): FileEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const seq = from + index
    return fileEvent(`CREATE /tree/${seq}-${'\u00e9'.repeat((seq * 7) % 60)}`, { seq })
  })
}

const counted = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + index)

const all = (path: string): string[] => [...asideOf(path), path]

interface Opened {
  readonly writer: SinkWriter
  readonly issues: Issue[]
  readonly reopen: Subject<void>
}

async function opened(options: FileSinkOptions): Promise<Opened> {
  const issues: Issue[] = []
  const reopen = new Subject<void>()
  const context: RunContext = { ...sinkContext(), report: (issue) => issues.push(issue), reopen }
  return { writer: await file(options).open(context), issues, reopen }
}

/** Writes batches of these sizes. Returns how many events that is. */
async function fill(writer: SinkWriter, sizes: readonly number[], from = 0): Promise<number> {
  let seq = from
  for (const size of sizes) {
    await writer.write(batch(seq, size))
    seq += size
  }
  return seq - from
}

/** The whole of it: open, write, close. */
async function written(options: FileSinkOptions, sizes: readonly number[]): Promise<number> {
  const { writer, issues } = await opened(options)
  const count = await fill(writer, sizes)
  await writer.close()
  expect(issues).toEqual([])
  return count
}

describe('file', () => {
  const rotations: readonly (RotateOptions | undefined)[] = [undefined, { size: 10_000_000, compress: true }]
  describe.each(rotations)('rotated: %j', (rotate) => {
    const laws = sinkLaws((directory) => {
      const path = join(directory, 'events.ndjson')
      const read = () => Promise.resolve(linesOf([path]).map((line) => JSON.parse(line) as unknown))
      return { sink: file({ path, ...(rotate && { rotate }) }), read }
    })
    it.each(laws)('$name', (law) => law.run())
  })

  const formatted = recordLaws((format, directory) => {
    const path = join(directory, 'events.ndjson')
    const read = () => Promise.resolve(linesOf([path]).map((line) => JSON.parse(line) as unknown))
    return { sink: file({ path, format, rotate: { interval: '1000d' } }), read }
  })
  it.each(formatted)('$name', (law) => law.run())

  describe('as CSV, rotated', () => {
    const laws = sinkLaws((directory) => {
      const path = join(directory, 'events.csv')
      return {
        sink: file({ path, format: 'csv', rotate: { interval: '1000d' } }),
        read: () => Promise.resolve(fs.statSync(path).size === 0 ? [] : csvToWire(parseCsv(textOf(path)))),
        expected: (one) => asCsvTells(toWire(one)),
      }
    })
    it.each(laws)('$name', (law) => law.run())
  })

  it('has a description of one line', () => {
    expect(file({ path: '/x/a' }).description).toBe('one JSON object a line, appended to /x/a')
    expect(
      file({ path: '/x/a', format: 'csv', rotate: { size: 5, interval: '1d', keep: 3, compress: true } })
        .description,
    ).toBe('CSV, appended to /x/a, rotated at 5 bytes and every 1d, 3 kept, compressed')
  })

  it.each([
    ['json', (event: FileEvent) => toJson(event) + '\n'],
    ['text', (event: FileEvent) => toText(event, { color: false })],
    ['csv', (event: FileEvent) => toCsv([event], { header: true })],
  ] as const)('writes %s', (format, expected) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer } = await opened({ path, format })
      await writer.write([fileEvent('CREATE /a')])
      await writer.close()
      expect(textOf(path)).toBe(expected(fileEvent('CREATE /a')))
    }),
  )

  it.each(['ecs', 'ocsf', 'cloudevents'] as const)('writes %s', (format) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      await written({ path, format }, [2])
      const keys = { ecs: 'ecs', ocsf: 'class_uid', cloudevents: 'specversion' }
      const found = linesOf([path]).map((line) => JSON.parse(line) as object)
      expect(found).toHaveLength(2)
      for (const object of found) expect(object).toHaveProperty(keys[format])
    }),
  )

  describe('wrong options are refused at once:', () => {
    it.each([
      [{}, /^file: path is missing$/],
      [{ path: '/a', format: 'xml' }, /^file: format is not known$/],
      [{ path: '/a', rotated: {} }, /^file: rotated is not an option$/],
      [{ path: '/a', rotate: true }, /^file: rotate must be an object$/],
      [{ path: '/a', rotate: null }, /^file: rotate must be an object$/],
      [{ path: '/a', rotate: {} }, /^file: rotate needs size or interval$/],
      [{ path: '/a', rotate: { keep: 3 } }, /^file: rotate needs size or interval$/],
      [{ path: '/a', rotate: { size: 0 } }, /^file: rotate: size must be a whole number/],
      [{ path: '/a', rotate: { size: '10M' } }, /^file: rotate: size must be a whole number/],
      [{ path: '/a', rotate: { size: 1, keep: -1 } }, /^file: rotate: keep must be a whole number/],
      [{ path: '/a', rotate: { interval: 'daily' } }, /^file: rotate: interval must be a time/],
      [{ path: '/a', rotate: { interval: '0.5s' } }, /^file: rotate: interval must be a time/],
      [{ path: '/a', rotate: { size: 1, compress: 'gzip' } }, /^file: rotate: compress must be a boolean/],
      [{ path: '/a', rotate: { size: 1, count: 2 } }, /^file: rotate: count is not an option$/],
    ])('%j', (options, message) => {
      expect(thrownBy(() => file(options as unknown as FileSinkOptions))).toMatchObject({
        code: 'FSFLOW_INVALID_OPTION',
        message: expect.stringMatching(message),
      })
    })
  })

  it('refuses at the check what it cannot append to, and changes nothing', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      fs.writeFileSync(join(directory, 'precious'), 'text')
      const refused = async (options: Partial<FileSinkOptions>, message: RegExp): Promise<void> => {
        const sink = file({ path, ...options })
        for (const call of [() => sink.check(), () => sink.open(sinkContext())]) {
          await expect(call()).rejects.toMatchObject({
            code: 'FSFLOW_SINK_OPEN',
            message: expect.stringMatching(message),
          })
        }
      }
      fs.symlinkSync('precious', path)
      await refused({}, /it is a symbolic link, which is not followed$/)
      await refused({ rotate: { size: 10 } }, /it is a symbolic link, which is not followed$/)
      fs.unlinkSync(path)
      fs.writeFileSync(path, 'other,columns\n')
      await refused({ format: 'csv' }, /does not begin with the columns/)
      await refused({ path: '/dev/null' }, /it is not a regular file$/)
      expect(fs.readdirSync(directory)).toEqual(['events', 'precious'])
      expect(textOf(join(directory, 'precious'))).toBe('text')
    }))

  it('is created with mode 0640, also after a rotation, and so are compressed ones', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'logs', 'events')
      const { writer } = await opened({ path, mkdir: true, rotate: { size: 2000, compress: true } })
      await fill(writer, [100])
      await until(
        () => asideOf(path).length === 10 && asideOf(path).every((name) => name.endsWith('.gz')),
        () => fs.readdirSync(join(directory, 'logs')).join(),
      )
      await writer.close()
      expect(all(path).map((name) => fs.statSync(name).mode & 0o7777)).toEqual(all(path).map(() => 0o640))
    }))
})

describe('file, rotated by size', () => {
  it.each([1, 7, 100])('loses nothing and cuts nothing, in batches of %i', (size) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const sizes = counted(Math.ceil(400 / size)).map(() => size)
      const count = await written({ path, rotate: { size: 3000, keep: 1000 } }, sizes)
      const aside = asideOf(path)
      expect(aside.length).toBeGreaterThan(10)
      expect(seqsOf([...aside, path])).toEqual(counted(count))
      // As full as it can be: the next event would not have gone in.
      const longest = Math.max(...linesOf(aside).map((line) => Buffer.byteLength(line) + 1))
      for (const name of aside) {
        expect(fs.statSync(name).size).toBeLessThanOrEqual(3000)
        expect(fs.statSync(name).size).toBeGreaterThan(3000 - longest)
      }
    }),
  )

  it('gives an event that is larger than a file one of its own', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      await written({ path, rotate: { size: 10 } }, [2, 1])
      expect([...all(path)].map((name) => seqsOf([name]))).toEqual([[0], [1], [2]])
    }))

  it('goes on with a file that is there', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      fs.writeFileSync(path, `${JSON.stringify({ seq: -1, padding: 'x'.repeat(2900) })}\n`)
      await written({ path, rotate: { size: 3000 } }, [1, 1])
      expect(all(path).map((name) => seqsOf([name]))).toEqual([[-1], [0, 1]])
    }))

  it('has the column names first in each file of CSV', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.csv')
      await written({ path, format: 'csv', rotate: { size: 3000 } }, [20, 5])
      expect(asideOf(path).length).toBeGreaterThan(1)
      const rows = all(path).flatMap((name) => csvToWire(parseCsv(textOf(name))))
      expect(rows.map((row) => fromWire(row).seq)).toEqual(counted(25))
      for (const name of all(path)) expect(fs.statSync(name).size).toBeLessThanOrEqual(3000)
    }))

  it('keeps the newest', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const other = `${path}.20200101T000000000Z.txt`
      fs.writeFileSync(other, 'not of this sink')
      fs.writeFileSync(`${path}.20200101T000000000Z`, `${JSON.stringify({ seq: -1 })}\n`)
      const { writer } = await opened({ path, rotate: { size: 1000, keep: 3 } })
      await fill(
        writer,
        counted(100).map(() => 1),
      )
      await until(
        () => asideOf(path).length === 4,
        () => asideOf(path).join(),
      )
      await writer.close()
      expect(asideOf(path)).toContain(other)
      const seqs = seqsOf(all(path).filter((name) => name !== other))
      expect(seqs.at(-1)).toBe(99)
      expect(seqs).toEqual(counted(seqs.length, 100 - seqs.length))
    }))

  it('names them in the order in which they were written, also when the clock was set back', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const future = `${path}.20990101T000000000Z`
      fs.writeFileSync(`${future}.gz`, '')
      await written({ path, rotate: { size: 10 } }, [2])
      expect(asideOf(path)).toEqual([`${future}.gz`, `${path}.20990101T000000001Z`])
    }))

  it('compresses them so that gunzip reads them, while events go on', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer } = await opened({ path, rotate: { size: 20_000, keep: 1000, compress: true } })
      let count = 0
      while (asideOf(path).filter((name) => name.endsWith('.gz')).length < 5) {
        count += await fill(writer, [30], count)
      }
      await until(
        () => asideOf(path).every((name) => name.endsWith('.gz')),
        () => asideOf(path).join(),
      )
      await writer.close()
      expect(seqsOf(all(path))).toEqual(counted(count))
    }))

  it('compresses what an earlier run could not, and clears what a kill has left', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const aside = `${path}.20200101T000000000Z`
      fs.writeFileSync(aside, `${JSON.stringify({ seq: -2 })}\n`)
      fs.writeFileSync(`${aside}.gz`, 'half')
      fs.writeFileSync(`${path}.20200101T000000009Z.new`, '')
      // Killed between the second name and the new file.
      fs.writeFileSync(path, `${JSON.stringify({ seq: -1 })}\n`)
      fs.linkSync(path, `${path}.20200101T000000009Z`)
      const { writer, issues } = await opened({ path, rotate: { size: 20_000, compress: true } })
      await fill(writer, [2])
      await until(
        () => asideOf(path).join() === `${aside}.gz`,
        () => asideOf(path).join(),
      )
      await writer.close()
      expect(issues).toEqual([])
      expect(seqsOf(all(path))).toEqual([-2, -1, 0, 1])
    }))

  it('is of one process alone: another is refused', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const rotate = { size: 1000 }
      const { writer } = await opened({ path, rotate })
      await fill(writer, [30])
      await expect(file({ path, rotate }).open(sinkContext())).rejects.toMatchObject({
        code: 'FSFLOW_SINK_OPEN',
        message: expect.stringMatching(/another process writes to it, and rotates it$/),
      })
      await writer.close()
      await (await file({ path, rotate }).open(sinkContext())).close()
    }))

  it('goes on with the file that it has when it cannot rotate, and says so', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer, issues } = await opened({ path, rotate: { size: 1000 } })
      await fill(writer, [1])
      fs.renameSync(path, join(directory, 'moved'))
      fs.writeFileSync(join(directory, 'precious'), 'text')
      fs.symlinkSync('precious', path)
      await fill(writer, [40, 40], 1)
      await writer.close()
      expect(issues).toMatchObject([
        {
          code: 'FSFLOW_SINK_ROTATE',
          message: expect.stringMatching(
            /cannot be rotated: .*it is a symbolic link, which is not followed$/,
          ),
        },
      ])
      expect(textOf(join(directory, 'precious'))).toBe('text')
      expect(seqsOf([join(directory, 'moved')])).toEqual(counted(81))
      expect(fs.readdirSync(directory).sort()).toEqual(['events', 'moved', 'precious'])
    }))
})

describe('file, rotated by interval', () => {
  it('puts aside what was written before', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      await written({ path }, [3])
      const yesterday = Date.now() / 1000 - 86_400
      fs.utimesSync(path, yesterday, yesterday)
      const { writer } = await opened({ path, rotate: { interval: '1d' } })
      await fill(writer, [2, 2], 3)
      await writer.close()
      expect(all(path).map((name) => seqsOf([name]))).toEqual([
        [0, 1, 2],
        [3, 4, 5, 6],
      ])
    }))

  it('begins a new file with the first event of each part of time', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer } = await opened({ path, rotate: { interval: '1s', keep: 100 } })
      let count = 0
      while (asideOf(path).length < 2) count += await fill(writer, [3], count)
      await writer.close()
      expect(seqsOf(all(path))).toEqual(counted(count))
      const seconds = asideOf(path).map((name) => /\.(\d{8}T\d{6})\d{3}Z$/.exec(name)![1])
      expect(new Set(seconds).size).toBe(seconds.length)
    }))
})

describe('file, moved away by another program', () => {
  it.each([undefined, { size: 1_000_000 }])('goes on in a new one when asked: rotate %j', (rotate) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer, issues, reopen } = await opened({ path, ...(rotate && { rotate }) })
      await fill(writer, [3])
      fs.renameSync(path, `${path}.1`)
      await fill(writer, [2], 3)
      const writing = fill(writer, [2], 5)
      reopen.next()
      await writing
      await fill(writer, [2], 7)
      await writer.close()
      expect(issues).toEqual([])
      expect(seqsOf([`${path}.1`, path])).toEqual(counted(9))
      expect(seqsOf([path])).toEqual([7, 8])
      expect(fs.statSync(path).mode & 0o7777).toBe(0o640)
      expect(fs.readdirSync(directory)).toEqual(['events', 'events.1'])
    }),
  )

  it('takes the file that the program has made, with its mode', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer, issues, reopen } = await opened({ path })
      await fill(writer, [3])
      fs.renameSync(path, `${path}.1`)
      fs.writeFileSync(path, '', { mode: 0o600 })
      reopen.next()
      await fill(writer, [2], 3)
      await writer.close()
      expect(issues).toEqual([])
      expect([seqsOf([`${path}.1`]), seqsOf([path])]).toEqual([
        [0, 1, 2],
        [3, 4],
      ])
      expect(fs.statSync(path).mode & 0o7777).toBe(0o600)
    }))

  it('goes on when nothing was moved', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer, issues, reopen } = await opened({ path, rotate: { size: 100_000 } })
      await fill(writer, [3])
      reopen.next()
      await fill(writer, [2], 3)
      await writer.close()
      expect(issues).toEqual([])
      expect(all(path).map((name) => seqsOf([name]))).toEqual([counted(5)])
    }))

  it('does not follow a link that was put there, and loses nothing', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      const { writer, issues, reopen } = await opened({ path })
      await fill(writer, [3])
      fs.renameSync(path, `${path}.1`)
      fs.writeFileSync(join(directory, 'precious'), 'text')
      fs.symlinkSync('precious', path)
      reopen.next()
      await fill(writer, [2], 3)
      await writer.close()
      expect(issues).toMatchObject([
        {
          code: 'FSFLOW_SINK_ROTATE',
          message: expect.stringMatching(/cannot be opened anew: .*symbolic link/),
        },
      ])
      expect(seqsOf([`${path}.1`])).toEqual(counted(5))
      expect(textOf(join(directory, 'precious'))).toBe('text')
    }))
})

describe('file on a full disk', () => {
  itWith([root, mounting], 'says exactly how many events are lost, and leaves whole lines only', async () => {
    for (const size of [1, 5, 40, 101]) {
      await withSmallDisk(64, async (directory) => {
        const path = join(directory, 'events')
        const { writer } = await opened({ path, rotate: { size: 10_000, keep: 1000 } })
        let delivered = 0
        let failure: { code: string; message: string; lost: number } | undefined
        while (failure === undefined) {
          try {
            delivered += await fill(writer, [size], delivered)
          } catch (error) {
            failure = error as typeof failure
          }
        }
        await writer.close()
        expect(failure).toMatchObject({
          code: 'FSFLOW_DISK_FULL',
          message:
            `file: cannot write to ${path}: no space left on the device; ` +
            `${failure.lost} of ${size} event${size === 1 ? '' : 's'} not written`,
        })
        expect(failure.lost).toBeGreaterThan(0)
        expect(asideOf(path).length).toBeGreaterThan(2)
        expect(seqsOf(all(path))).toEqual(counted(delivered + size - failure.lost))
      })
    }
  })

  itWith([root, mounting], 'leaves what cannot be compressed as it is, and says so', () =>
    withSmallDisk(64, async (directory) => {
      const path = join(directory, 'events')
      const aside = `${path}.20200101T000000000Z`
      const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(40_000)))
      fs.writeFileSync(aside, noise)
      const { writer, issues } = await opened({ path, rotate: { size: 10_000, compress: true } })
      await until(
        () => issues.length > 0,
        () => asideOf(path).join(),
      )
      await fill(writer, [5])
      await writer.close()
      expect(issues[0]).toMatchObject({
        code: 'FSFLOW_SINK_ROTATE',
        message: expect.stringMatching(/cannot be compressed.*no space left|cannot be compressed.*ENOSPC/),
      })
      expect(asideOf(path)).toEqual([aside])
      expect(fs.readFileSync(aside).equals(noise)).toBe(true)
      expect(seqsOf([path])).toEqual(counted(5))
    }),
  )
})
