import { describe, expect, it } from '@jest/globals'
import { renderRows, type RowForm } from '../../../src/cli/query/renderRows.js'
import { parseCsv } from '../../helpers/parseCsv.js'

const result = {
  columns: ['events', 'path'],
  rows: [
    [12n, '/a b'],
    [3, 'x\u001b[31m,"y"\n'],
    [9_223_372_036_854_775_807n, null],
    [Buffer.from([255]), 'blob'],
  ],
}
const render = (form: RowForm, rows: readonly (readonly unknown[])[] = result.rows): string =>
  [...renderRows({ columns: result.columns, rows }, form)].join('')

describe('renderRows', () => {
  it('a table has its columns in line, numbers to the right, and no control characters', () => {
    expect(render('table', result.rows.slice(0, 2))).toBe(
      'events  path\n------  ---------------\n    12  /a b\n     3  x\\x1B[31m,"y"\\n\n',
    )
    expect(render('table', [])).toBe('events  path\n------  ----\n')
  })

  it('ndjson has one object a row, with numbers that JSON cannot hold as text', () => {
    const lines = render('ndjson').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { events: 12, path: '/a b' },
      { events: 3, path: 'x\u001b[31m,"y"\n' },
      { events: '9223372036854775807', path: null },
      { events: '/w==', path: 'blob' },
    ])
    expect(render('ndjson', [])).toBe('')
  })

  it('csv can be read again', () => {
    expect(parseCsv(render('csv'))).toEqual([
      ['events', 'path'],
      ['12', '/a b'],
      ['3', 'x\u001b[31m,"y"\n'],
      ['9223372036854775807', ''],
      ['/w==', 'blob'],
    ])
  })

  it('gives many rows in pieces', () => {
    const rows = Array.from({ length: 2500 }, (_, index) => [index, 'x'])
    expect([...renderRows({ columns: ['n', 'x'], rows }, 'ndjson')]).toHaveLength(3)
  })
})
