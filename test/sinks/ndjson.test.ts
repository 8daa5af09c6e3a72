import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ndjson } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { recordLaws } from '../helpers/recordLaws.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { withDirectory } from '../helpers/withDirectory.js'

async function linesOf(path: string): Promise<unknown[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => JSON.parse(line) as unknown)
}

describe('ndjson', () => {
  const laws = sinkLaws((directory) => {
    const path = join(directory, 'events.ndjson')
    return { sink: ndjson({ path }), read: () => linesOf(path) }
  })
  it.each(laws)('$name', (law) => law.run())

  const formatted = recordLaws((format, directory) => {
    const path = join(directory, 'events.ndjson')
    return { sink: ndjson({ path, format }), read: () => linesOf(path) }
  })
  it.each(formatted)('$name', (law) => law.run())

  it('has the fields of a schema when asked, an event with the same id each time it is written', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.ndjson')
      const writer = await ndjson({ path, format: 'ecs' }).open(sinkContext())
      await writer.write([fileEvent('CREATE /a', { seq: 7 }), fileEvent('CREATE /b', { seq: 8 })])
      await writer.write([fileEvent('CREATE /a', { seq: 7 })])
      await writer.close()
      const lines = (await linesOf(path)) as { event: { id: string }; file: object; host: object }[]
      expect(lines.map(({ file }) => file)).toMatchObject([{ path: '/a' }, { path: '/b' }, { path: '/a' }])
      expect(lines[0]!.host).toEqual({ hostname: hostname() })
      const ids = lines.map(({ event }) => event.id)
      expect(ids[0]).toMatch(/^[0-9a-f-]{36}\.7$/)
      expect(ids[2]).toBe(ids[0])
      expect(ids[1]).not.toBe(ids[0])
    }))

  it('refuses a format that there is not', () => {
    expect(() => ndjson({ format: 'xml' as 'json' })).toThrow('ndjson: format is not known')
  })

  it('appends to what is there', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.ndjson')
      await writeFile(path, '{"from":"before"}\n')
      const writer = await ndjson({ path }).open(sinkContext())
      await writer.write([fileEvent('CREATE /a')])
      await writer.close()
      expect(await linesOf(path)).toEqual([{ from: 'before' }, fileEvent('CREATE /a').toJSON()])
    }))

  it('ends a line that was cut short before, so that the damage stays within it', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.ndjson')
      await writeFile(path, '{"seq":1}\n{"se')
      const writer = await ndjson({ path }).open(sinkContext())
      await writer.write([fileEvent('CREATE /a')])
      await writer.write([fileEvent('CREATE /b')])
      await writer.close()
      const text = await readFile(path, 'utf8')
      expect(text.split('\n').map((line) => line.slice(0, 14))).toEqual([
        '{"seq":1}',
        '{"se',
        '{"timestamp":"',
        '{"timestamp":"',
        '',
      ])
    }))

  it('two writers to one file keep their batches apart', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.ndjson')
      const writers = await Promise.all([1, 2].map(() => ndjson({ path }).open(sinkContext())))
      const batch = Array.from({ length: 200 }, (_, seq) => fileEvent('CREATE /a', { seq }))
      for (let round = 0; round < 5; round += 1)
        await Promise.all(writers.map((writer) => writer.write(batch)))
      await Promise.all(writers.map((writer) => writer.close()))
      const seqs = (await linesOf(path)).map((wire) => (wire as { seq: number }).seq)
      expect(seqs).toEqual(Array.from({ length: 2000 }, (_, index) => index % 200))
    }))

  it('says in one line what it will do', () => {
    expect(ndjson().description).toBe('one JSON object a line to standard output')
    expect(ndjson({ format: 'ocsf' }).description).toBe('one OCSF object a line to standard output')
    expect(ndjson({ path: '/x/a\nb', mkdir: true }).description).toBe(
      'one JSON object a line, appended to /x/a\\nb, its directory created when missing',
    )
  })
})
