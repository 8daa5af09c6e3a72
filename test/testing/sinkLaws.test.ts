import { openSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { Sink, SinkWriter } from '../../src/contracts/index.js'
import { toWire, type FileEvent } from '../../src/events/index.js'
import { memorySink, type MemorySink } from '../../src/testing/memorySink.js'
import { sinkLaws, type SinkUnderTest } from '../../src/testing/sinkLaws.js'

type Break = (sink: Sink, directory: string) => Partial<Sink>

// A sink that is right but for what `change` replaces.
function broken(change: Break): (directory: string) => SinkUnderTest {
  return (directory) => {
    const memory = memorySink()
    const sink: Sink = {
      name: memory.name,
      description: memory.description,
      check: () => memory.check(),
      open: (context) => memory.open(context),
      ...change(memory, directory),
    }
    return { sink, read: () => Promise.resolve(memory.events.map(toWire)) }
  }
}

function writing(change: (writer: SinkWriter, directory: string) => Partial<SinkWriter>): Break {
  return (sink, directory) => ({
    async open(context) {
      const writer = await sink.open(context)
      return {
        ownFiles: writer.ownFiles,
        write: (batch) => writer.write(batch),
        close: () => writer.close(),
        ...change(writer, directory),
      }
    },
  })
}

const withBatch = (change: (batch: readonly FileEvent[]) => readonly FileEvent[]): Break =>
  writing((writer) => ({ write: (batch) => writer.write(change(batch)) }))

async function brokenLaws(change: Break): Promise<readonly string[]> {
  const names: string[] = []
  for (const law of sinkLaws(broken(change))) await law.run().catch(() => names.push(law.name))
  return names
}

describe('sinkLaws', () => {
  it('hold for a sink that is right', async () => {
    expect(await brokenLaws(() => ({}))).toEqual([])
  })

  it.each<readonly [string, Break, string]>([
    ['no description', () => ({ description: '' }), 'has a name and a description of one line'],
    ['no name', () => ({ name: '' }), 'has a name and a description of one line'],
    [
      'a destination that is known only when it is there',
      (sink) => ({
        destination: () => Promise.resolve((sink as MemorySink).events.length === 0 ? undefined : 'file'),
      }),
      'names the same destination before and after it has written, if it names one',
    ],
    [
      'a check that creates its file',
      (_, directory) => ({ check: () => writeFile(join(directory, 'file'), '') }),
      'check changes nothing, before and after a run',
    ],
    [
      'a check that fails',
      () => ({ check: () => Promise.reject(new Error('no')) }),
      'check changes nothing, before and after a run',
    ],
    [
      'an empty batch that writes',
      writing((writer, directory) => ({
        write: (batch) =>
          batch.length > 0 ? writer.write(batch) : appendFile(join(directory, 'file'), '\n'),
      })),
      'an empty batch writes nothing',
    ],
    [
      'a batch in reverse',
      withBatch((batch) => [...batch].reverse()),
      'every event of every batch arrives once and in order',
    ],
    [
      'events twice',
      withBatch((batch) => [...batch, ...batch]),
      'opened again, it goes on after what it wrote',
    ],
    ['a limit of 1,000', withBatch((batch) => batch.slice(0, 1000)), 'a batch of 5,000 events arrives'],
    [
      'control events left out',
      withBatch((batch) => batch.filter((event) => !event.isControl)),
      'every event type arrives',
    ],
    [
      'details left out',
      withBatch((batch) => batch.map((event) => event.with({ processDetails: undefined }))),
      'every field of an event arrives',
    ],
    [
      'raw names left out',
      withBatch((batch) => batch.map((event) => event.with({ filePathBytes: undefined }))),
      'hostile and non-UTF-8 names arrive as they are',
    ],
    [
      'a batch changed in place',
      writing((writer) => ({ write: (batch) => writer.write((batch as FileEvent[]).sort()) })),
      'every event of every batch arrives once and in order',
    ],
    [
      'a file that is not named',
      writing((writer, directory) => ({
        async write(batch) {
          await appendFile(join(directory, 'file'), 'x')
          await writer.write(batch)
        },
      })),
      'it names every file that it writes',
    ],
    [
      'a descriptor left open',
      writing((writer, directory) => ({
        async close() {
          openSync(join(directory, 'file'), 'w')
          await writer.close()
        },
      })),
      'close is final and leaves nothing open',
    ],
    [
      'a close that is not final',
      writing(() => ({ close: () => Promise.resolve() })),
      'close is final and leaves nothing open',
    ],
    [
      'something reported',
      (sink) => ({
        open(context) {
          context.report({ code: 'X', message: 'trouble' })
          return sink.open(context)
        },
      }),
      'opened and closed without events, it holds none',
    ],
  ])('are broken by %s', async (_, change, name) => {
    expect(await brokenLaws(change)).toContain(name)
  })
})
