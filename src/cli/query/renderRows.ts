import { csvText } from '../../formats/csvText.js'
import { escapeControls } from '../../formats/index.js'
import type { Rows } from './Rows.js'

export const rowForms = ['table', 'ndjson', 'csv'] as const
export type RowForm = (typeof rowForms)[number]

/** Rows that are put into one text. */
const STEP = 1000

/** The rows as pieces of text, in the form that was asked for. A table is made at once, to know its widths. */
export function* renderRows({ columns, rows }: Rows, form: RowForm): Generator<string, void> {
  if (form === 'table') {
    yield tableOf(columns, [...rows])
    return
  }
  if (form === 'csv') yield csvOf([columns])
  let waiting: (readonly unknown[])[] = []
  const text = (): string =>
    form === 'csv' ? csvOf(waiting) : waiting.map((row) => jsonOf(columns, row)).join('')
  for (const row of rows) {
    waiting.push(row)
    if (waiting.length < STEP) continue
    yield text()
    waiting = []
  }
  if (waiting.length > 0) yield text()
}

function csvOf(rows: readonly (readonly unknown[])[]): string {
  return csvText(
    rows.map((row) => row.map(plain)),
    { record_delimiter: 'windows' },
  )
}

/** Numbers stay numbers where JSON can hold them; bytes are base64. */
function jsonOf(columns: readonly string[], row: readonly unknown[]): string {
  const entries = columns.map((column, index) => [column, plain(row[index])] as const)
  return `${JSON.stringify(Object.fromEntries(entries))}\n`
}

function plain(value: unknown): string | number | null {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  // SQLite has no values but these.
  return Buffer.isBuffer(value) ? value.toString('base64') : (value as string | number | null)
}

function tableOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [columns, ...rows.map((row) => row.map(plain))].map((row) =>
    row.map((value) => (value === null ? '' : escapeControls(String(value)))),
  )
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const isNumber = columns.map((_, column) =>
    rows.every((row) => row[column] === null || ['number', 'bigint'].includes(typeof row[column])),
  )
  const line = (row: readonly string[], isHead: boolean): string =>
    row
      .map((cell, column) =>
        isNumber[column]! && !isHead ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width))
  const lines = [line(cells[0]!, true), line(rule, true), ...cells.slice(1).map((row) => line(row, false))]
  return lines.map((text) => `${text}\n`).join('')
}
