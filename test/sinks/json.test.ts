import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { toJson } from '../../src/formats/index.js'
import { json } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { recordLaws } from '../helpers/recordLaws.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { withDirectory } from '../helpers/withDirectory.js'

const event = fileEvent('CREATE /a')

async function arrayIn(path: string): Promise<unknown[]> {
  return JSON.parse(await readFile(path, 'utf8')) as unknown[]
}

describe('json', () => {
  const laws = sinkLaws((directory) => {
    const path = join(directory, 'events.json')
    return { sink: json({ path }), read: () => arrayIn(path) }
  })
  it.each(laws)('$name', (law) => law.run())

  const formatted = recordLaws((format, directory) => {
    const path = join(directory, 'events.json')
    return { sink: json({ path, format }), read: () => arrayIn(path) }
  })
  it.each(formatted)('$name', (law) => law.run())

  it('writes one event a line', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.json')
      const writer = await json({ path }).open(sinkContext())
      await writer.write([event])
      await writer.write([event, event])
      await writer.close()
      const line = toJson(event)
      expect(await readFile(path, 'utf8')).toBe(`[\n${line},\n${line},\n${line}\n]\n`)
    }))

  it('takes an array of another form up again', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.json')
      const sink = json({ path, format: 'ocsf' })
      for (const round of [1, 2]) {
        const writer = await sink.open(sinkContext())
        await writer.write([fileEvent('CREATE /a', { seq: round })])
        await writer.close()
      }
      expect(await arrayIn(path)).toMatchObject(
        [1, 2].map((sequence) => ({ class_uid: 1001, metadata: { sequence } })),
      )
      expect(sink.description).toContain('a JSON array of OCSF objects')
    }))

  it('holds a whole array from the first moment on and after every batch', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.json')
      const writer = await json({ path }).open(sinkContext())
      const counts = [(await arrayIn(path)).length]
      for (const size of [1, 3, 2]) {
        await writer.write(Array.from({ length: size }, () => event))
        counts.push((await arrayIn(path)).length)
      }
      await writer.close()
      expect(counts).toEqual([0, 1, 4, 6])
    }))

  it.each([
    ['text', 'no array'],
    ['an array without its bracket', `[\n${toJson(event)}`],
    ['an array in another layout', `[${toJson(event)}]`],
    ['an object', '{}\n'],
    ['an array that goes on', `[\n${toJson(event)}\n]\n\n`],
  ])('refuses a file with %s, at check and at open, and leaves it as it was', (_, content) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.json')
      await writeFile(path, content)
      const refusal = expect.objectContaining({
        code: 'FSFLOW_SINK_OPEN',
        path,
        message: expect.stringContaining('not an array as this sink leaves it'),
      })
      await expect(json({ path }).check()).rejects.toEqual(refusal)
      await expect(json({ path }).open(sinkContext())).rejects.toEqual(refusal)
      expect(await readFile(path, 'utf8')).toBe(content)
    }),
  )

  it.each([
    ['appended to', (path: string) => appendFile(path, 'x')],
    ['truncated', (path: string) => truncate(path, 0)],
  ])('does not write into a file that another program has %s', (_, change) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.json')
      const writer = await json({ path }).open(sinkContext())
      await writer.write([event])
      await change(path)
      const content = await readFile(path, 'utf8')
      await expect(writer.write([event, event])).rejects.toEqual(
        expect.objectContaining({ code: 'FSFLOW_SINK_WRITE', lost: 2 }),
      )
      await writer.close()
      expect(await readFile(path, 'utf8')).toBe(content)
    }),
  )
})
