import { deepStrictEqual, fail, ok, rejects } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunContext, Sink, SinkWriter } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import { eventTypes, FileEvent, toWire, type FileEventFields } from '../events/index.js'
import { hostileNames } from './hostileNames.js'

/** A sink, and how to see what has arrived. */
export interface SinkUnderTest {
  readonly sink: Sink
  /** What is at the destination now, one value an event, in order. Called when no writer is open. */
  read(): Promise<readonly unknown[]>
  /** The value that `read` gives for an event. Default: `toWire(event)`. */
  readonly expected?: (event: FileEvent) => unknown
}

export interface SinkLaw {
  readonly name: string
  run(): Promise<void>
}

type Law = (subject: SinkUnderTest, directory: string) => Promise<void>

function event(seq: number, fields: Partial<FileEventFields> = {}): FileEvent {
  return new FileEvent({
    timestampMicros: 1_767_225_600_000_000 + seq,
    seq,
    eventType: 'CREATE',
    filePath: `/law/${seq}`,
    source: 'inotify',
    ...fields,
  })
}

function named(seq: number, name: string | Uint8Array): FileEvent {
  if (typeof name === 'string') return event(seq, { filePath: `/law/${name}` })
  const bytes = Buffer.concat([Buffer.from('/law/'), name])
  return event(seq, { filePath: bytes.toString(), filePathBytes: new Uint8Array(bytes) })
}

function events(from: number, count: number): readonly FileEvent[] {
  return Object.freeze(Array.from({ length: count }, (_, index) => event(from + index)))
}

function quietContext(): RunContext {
  return {
    signal: new AbortController().signal,
    report: (issue) => fail(`the sink reported: ${issue.message}`),
  }
}

async function withWriter(sink: Sink, use: (writer: SinkWriter) => Promise<void>): Promise<void> {
  const writer = await sink.open(quietContext())
  try {
    await use(writer)
  } finally {
    await writer.close()
  }
}

async function delivers(subject: SinkUnderTest, batches: readonly (readonly FileEvent[])[]): Promise<void> {
  await withWriter(subject.sink, async (writer) => {
    for (const batch of batches) await writer.write(batch)
  })
  await holds(subject, batches.flat())
}

async function holds(subject: SinkUnderTest, wanted: readonly FileEvent[]): Promise<void> {
  deepStrictEqual(await subject.read(), wanted.map(subject.expected ?? toWire))
}

/** What can be seen of a directory: the entries with their size, mode, times and content. */
async function snapshot(directory: string): Promise<readonly unknown[]> {
  const names = await readdir(directory, { recursive: true })
  return Promise.all(
    names.sort().map(async (name) => {
      const path = join(directory, name)
      const stats = await stat(path, { bigint: true })
      const content = stats.isFile() ? await readFile(path, 'latin1') : ''
      return [name, stats.mode, stats.ino, stats.mtimeNs, stats.ctimeNs, content]
    }),
  )
}

async function openBelow(directory: string): Promise<readonly string[]> {
  const fds = await readdir('/proc/self/fd')
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(directory))
}

const laws: Readonly<Record<string, Law>> = {
  'has a name and a description of one line': ({ sink }) => {
    ok(sink.name !== '', 'the name is empty')
    ok(/^[^\n]+$/.test(sink.description), 'the description is not one line')
    return Promise.resolve()
  },

  'names the same destination before and after it has written, if it names one': async ({ sink }) => {
    const before = await sink.destination?.()
    await withWriter(sink, (writer) => writer.write(events(0, 1)))
    deepStrictEqual(await sink.destination?.(), before)
  },

  'check changes nothing, before and after a run': async (subject, directory) => {
    for (let round = 0; round < 2; round += 1) {
      const before = await snapshot(directory)
      await subject.sink.check()
      deepStrictEqual(await snapshot(directory), before)
      await withWriter(subject.sink, (writer) => writer.write(events(round, 1)))
    }
    await holds(subject, events(0, 2))
  },

  'opened and closed without events, it holds none': (subject) => delivers(subject, []),

  'an empty batch writes nothing': async (subject, directory) => {
    await withWriter(subject.sink, async (writer) => {
      await writer.write(events(0, 1))
      const before = await snapshot(directory)
      await writer.write([])
      deepStrictEqual(await snapshot(directory), before)
    })
    await holds(subject, events(0, 1))
  },

  'every event of every batch arrives once and in order': (subject) =>
    delivers(subject, [events(0, 1), events(1, 3), [], events(4, 500), events(504, 1)]),

  'a batch of 5,000 events arrives': (subject) => delivers(subject, [events(0, 5000)]),

  'opened again, it goes on after what it wrote': async (subject) => {
    for (const from of [0, 2, 4]) await withWriter(subject.sink, (writer) => writer.write(events(from, 2)))
    await holds(subject, events(0, 6))
  },

  'every event type arrives': (subject) =>
    delivers(subject, [
      eventTypes.map((eventType, seq) => event(seq, { eventType, isDirectory: seq % 2 === 0 })),
    ]),

  'every field of an event arrives': (subject) =>
    delivers(subject, [
      [
        event(0, { eventType: 'MOVED_FROM', cookie: 4294967295, merged: true }),
        event(1, { eventType: 'RENAME', oldPath: '/law/old', synthetic: true, batchId: 2, batchSize: 1 }),
        event(2, { processDetails: null, processUnknown: 'inotify does not say' }),
        event(3, { operationDetails: { description: 'grew', sizeChange: -12 } }),
        event(4, {
          eventType: 'OVERFLOW',
          filePath: '',
          controlDetails: { code: 'FSFLOW_KERNEL', message: 'lost', hint: 'wait', counts: { lost: 3 } },
        }),
      ],
    ]),

  'hostile and non-UTF-8 names arrive as they are': (subject) =>
    delivers(subject, [hostileNames.map((name, seq) => named(seq, name))]),

  'it names every file that it writes': async ({ sink }, directory) => {
    await withWriter(sink, async (writer) => {
      await writer.write(events(0, 1))
      const own = new Set(writer.ownFiles.map(({ dev, ino }) => `${dev}:${ino}`))
      for (const name of await readdir(directory, { recursive: true })) {
        const stats = await stat(join(directory, name), { bigint: true })
        if (stats.isFile()) ok(own.has(`${stats.dev}:${stats.ino}`), `${name} is not among ownFiles`)
      }
    })
  },

  'close is final and leaves nothing open': async (subject, directory) => {
    const writer = await subject.sink.open(quietContext())
    await writer.write(events(0, 1))
    await writer.close()
    deepStrictEqual(await openBelow(directory), [])
    await rejects(
      writer.write(events(1, 2)),
      (error: unknown) => FsflowError.is(error) && 'lost' in error && error.lost === 2,
    )
    await holds(subject, events(0, 1))
  },
}

/**
 * What holds for every sink, as named functions for any test framework; each rejects when its law is broken.
 *
 * `create` is called once a law with an empty directory of its own, which is removed afterwards; a sink that
 * writes files must write them there.
 *
 *     for (const law of sinkLaws(create)) it(law.name, () => law.run())
 */
export function sinkLaws(create: (directory: string) => SinkUnderTest): readonly SinkLaw[] {
  return Object.entries(laws).map(([name, law]) => ({
    name,
    async run() {
      const directory = await mkdtemp(join(tmpdir(), 'fsflow-law-'))
      try {
        await law(create(directory), directory)
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    },
  }))
}
