import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { toWire } from '../../src/events/index.js'
import { toCsv } from '../../src/formats/index.js'
import { csv, type CsvSinkOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { asCsvTells, csvToWire, parseCsv } from '../helpers/parseCsv.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { withDirectory } from '../helpers/withDirectory.js'

const event = fileEvent('CREATE /tree/=a,b')

async function append(path: string, options: CsvSinkOptions = {}): Promise<void> {
  const writer = await csv({ path, ...options }).open(sinkContext())
  await writer.write([event])
  await writer.close()
}

describe('csv', () => {
  const laws = sinkLaws((directory) => {
    const path = join(directory, 'events.csv')
    return {
      sink: csv({ path }),
      read: async () => csvToWire(parseCsv(await readFile(path, 'utf8'))),
      expected: (one) => asCsvTells(toWire(one)),
    }
  })
  it.each(laws)('$name', (law) => law.run())

  it('writes the column names once, also when it goes on later', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.csv')
      await append(path)
      await append(path)
      expect(await readFile(path, 'utf8')).toBe(toCsv([event, event]))
    }))

  it('writes them into an empty file, and when there is no event at all', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.csv')
      await writeFile(path, '')
      await (await csv({ path }).open(sinkContext())).close()
      expect(await readFile(path, 'utf8')).toBe(toCsv([]))
    }))

  it('takes columns and escapeFormulas', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.csv')
      const columns = ['event_type', 'file_path']
      const writer = await csv({ path, columns, escapeFormulas: true }).open(sinkContext())
      await writer.write([fileEvent({ filePath: '=1' })])
      await writer.close()
      expect(await readFile(path, 'utf8')).toBe("event_type,file_path\r\nMODIFY,'=1\r\n")
    }))

  it.each([
    ['other columns', 'seq,event_type\r\n1,CREATE\r\n', /does not begin with the columns/],
    ['no columns', 'some text\n', /does not begin with the columns/],
    ['a record cut short', toCsv([event]) + '2026-01-01T00', /does not end at the end of a record/],
  ])('refuses a file with %s, at check and at open, and leaves it as it was', (_, content, message) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.csv')
      await writeFile(path, content)
      const refusal = expect.objectContaining({ code: 'FSFLOW_SINK_OPEN', path })
      for (const call of [() => csv({ path }).check(), () => csv({ path }).open(sinkContext())]) {
        await expect(call()).rejects.toThrow(message)
        await expect(call()).rejects.toEqual(refusal)
      }
      expect(await readFile(path, 'utf8')).toBe(content)
    }),
  )

  it.each([
    [{ escapeFormulas: 'yes' }, 'csv: escapeFormulas must be a boolean'],
    [{ columns: ['path'] }, 'csv: columns[0] is "path", not a column'],
    [{ header: false }, 'csv: header is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => csv(options as object)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', message }),
    )
  })
})
