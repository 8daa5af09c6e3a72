import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { toWire } from '../../src/events/index.js'
import { csvColumns, toCsv } from '../../src/formats/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { anyCharacter } from '../helpers/anyCharacter.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'
import { asCsvTells, csvToWire, parseCsv } from '../helpers/parseCsv.js'
import { itWith, program } from '../helpers/requires.js'

const few = ['event_type', 'file_path', 'operation_details.size_change']

function cells(filePath: string, escapeFormulas: boolean): string {
  const event = fileEvent({ filePath, operationDetails: { description: '-', sizeChange: -1 } })
  return toCsv([event], { header: false, escapeFormulas, columns: few })
}

describe('toCsv', () => {
  it('is a line of column names and a line an event, each ended by CR LF', () => {
    const event = fileEvent('RENAME /a, b -> /c "d"', { synthetic: true })
    expect(toCsv([event], { columns: ['seq', 'old_path', 'file_path', 'synthetic', 'merged'] })).toBe(
      'seq,old_path,file_path,synthetic,merged\r\n1,"/a, b","/c ""d""",true,\r\n',
    )
  })

  it('has only the column names for no event, and nothing when they are not wanted', () => {
    expect(toCsv([])).toBe(csvColumns.join(',') + '\r\n')
    expect(toCsv([], { header: false })).toBe('')
  })

  it('has the same columns for every event, so that what is written later fits', () => {
    fc.assert(
      fc.property(fc.array(arbitraryEvent), (events) => {
        const rows = parseCsv(toCsv(events))
        expect(rows[0]).toEqual(csvColumns)
        expect(rows.every((row) => row.length === csvColumns.length)).toBe(true)
        expect(toCsv(events)).toBe(
          toCsv([]) + events.map((event) => toCsv([event], { header: false })).join(''),
        )
      }),
    )
  })

  it('tells every field that is there', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        expect(csvToWire(parseCsv(toCsv([event])))).toEqual([asCsvTells(toWire(event))])
      }),
    )
  })

  itWith([program('python3')], 'is read the same by another reader of RFC 4180', () => {
    const read =
      'import csv,json,sys;sys.stdin.reconfigure(newline="",encoding="utf-8");json.dump(list(csv.reader(sys.stdin)),sys.stdout)'
    const events = fc.sample(arbitraryEvent, { numRuns: 200, seed: 1 })
    const input = toCsv(events)
    const { stdout, stderr } = spawnSync('python3', ['-c', read], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(parseCsv(input))
  })

  it.each(['line\nbreak', 'carriage\rreturn', 'a\r\nb', 'quote "q"', 'comma, comma'])('quotes %j', (name) => {
    expect(cells(name, false)).toBe(`MODIFY,"${name.replaceAll('"', '""')}",-1\r\n`)
  })

  it('has the same text in each cell as csv-stringify alone makes', () => {
    const special = fc.constantFrom(...Array.from(',"\r\n\t=+-@\uff1d\uff0b\uff0d\uff20a1/ '))
    const text = fc.oneof(fc.string({ unit: anyCharacter }), fc.string({ unit: special }))
    fc.assert(
      fc.property(text, fc.boolean(), (path, escapeFormulas) => {
        const options = { record_delimiter: '\r\n', quote_record_delimiter: true }
        const expected = stringify([['MODIFY', path, -1]], { ...options, escape_formulas: escapeFormulas })
        expect(cells(path, escapeFormulas)).toBe(expected)
      }),
    )
  })

  it('does not quote what needs no quotes', () => {
    expect(cells(" it's \\ ; | \u00e9 \u2028", false)).toBe("MODIFY, it's \\ ; | \u00e9 \u2028,-1\r\n")
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx'])('escapeFormulas puts an apostrophe before %j', (text) => {
    expect(cells(text, true)).toBe(`MODIFY,'${text},-1\r\n`)
    expect(cells(text, false)).toBe(`MODIFY,${text},-1\r\n`)
  })

  it('escapeFormulas puts it inside the quotes', () => {
    expect(cells('\rx', true)).toBe('MODIFY,"\'\rx",-1\r\n')
    expect(cells('=1,2', true)).toBe('MODIFY,"\'=1,2",-1\r\n')
  })

  it('escapeFormulas leaves other text and numbers alone', () => {
    expect(cells('/a=b', true)).toBe('MODIFY,/a=b,-1\r\n')
  })

  it.each([
    [{ heading: true }, /heading is not an option/],
    [{ header: 'yes' }, /header must be a boolean/],
    [{ escapeFormulas: 1 }, /escapeFormulas must be a boolean/],
    [{ columns: 'seq' }, /columns must be a list of column names/],
    [{ columns: [] }, /columns must be a list of column names/],
    [{ columns: ['seq', 'path'] }, /columns\[1\] is "path", not a column/],
    [{ columns: [1] }, /columns\[0\] is a number, not a column/],
    [{ columns: ['seq', 'seq'] }, /columns\[1\] is "seq" once more/],
  ])('refuses %j', (options, message) => {
    const call = (): string => toCsv([], options as object)
    expect(call).toThrow(message)
    expect(call).toThrow(expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION' }))
  })
})
