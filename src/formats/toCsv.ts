import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { toWire, type FileEvent } from '../events/index.js'
import { csvColumns } from './csvColumns.js'
import { csvText } from './csvText.js'

export interface CsvOptions {
  /** Whether the line of column names comes first. Default `true`. */
  readonly header?: boolean
  /**
   * Puts an apostrophe before text that a spreadsheet would take for a formula: text that begins with `=`, `+`,
   * `-`, `@`, a tab or a carriage return. Default `false`, since a reader would have to take it off again.
   */
  readonly escapeFormulas?: boolean
  /** Which columns, in which order. Default: all of `csvColumns`. */
  readonly columns?: readonly string[]
}

const known: ReadonlySet<string> = new Set(csvColumns)

/** Columns beside each other of one field of the wire form. */
interface Columns {
  readonly field: string
  /** For each column, where it lies below the field. */
  readonly paths: string[][]
}

function byField(columns: readonly string[]): Columns[] {
  const groups: Columns[] = []
  for (const column of columns) {
    const [field, ...path] = column.split('.') as [string, ...string[]]
    const last = groups.at(-1)
    if (last?.field === field) last.paths.push(path)
    else groups.push({ field, paths: [path] })
  }
  return groups
}

const allColumns = byField(csvColumns)

// Most cells are empty: a row is put together of those that are not, and of as many commas as lie between them.
const commas: readonly string[] = Array.from({ length: csvColumns.length + 1 }, (_, i) => ','.repeat(i))

function cell(field: unknown, path: readonly string[]): string | number | undefined {
  let value = field
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number') return value
  // Lists, and objects whose keys are data; true and false come out the same way.
  return JSON.stringify(value)
}

// What is sure to stand as it is need not go through csv-stringify, which takes some 150 ns a cell, empty ones
// included: that is nine tenths of the cost of a row.
const mayNeedQuotes = /[",\r\n]/
const mayBeFormula = /^[^/\w]/

function cellText(cell: string | number, escapeFormulas: boolean): string {
  if (typeof cell === 'number') return String(cell)
  if (!mayNeedQuotes.test(cell) && !(escapeFormulas && mayBeFormula.test(cell))) return cell
  // Half of a line end has to be quoted as well.
  return csvText([[cell]], { eof: false, quote_record_delimiter: true, escape_formulas: escapeFormulas })
}

function row(event: FileEvent, groups: readonly Columns[], escapeFormulas: boolean): string {
  const wire = toWire(event) as unknown as Readonly<Record<string, unknown>>
  let text = ''
  let gap = 0
  for (const { field, paths } of groups) {
    const value = wire[field]
    if (value === undefined || value === null) {
      gap += paths.length
      continue
    }
    for (const path of paths) {
      const content = cell(value, path)
      if (content !== undefined) {
        text += commas[gap]! + cellText(content, escapeFormulas)
        gap = 0
      }
      gap++
    }
  }
  return text + commas[gap - 1]! + '\r\n'
}

function optionalBoolean(name: keyof CsvOptions, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw invalidOption('toCsv', name, 'must be a boolean')
}

/** Throws FSFLOW_INVALID_OPTION unless `columns` is a list of different columns; `owner` is who was given it. */
export function checkColumns(owner: string, columns: unknown): void {
  if (columns === undefined) return
  if (!Array.isArray(columns) || columns.length === 0) {
    throw invalidOption(owner, 'columns', 'must be a list of column names')
  }
  for (const [index, column] of (columns as unknown[]).entries()) {
    const name = typeof column === 'string' ? `"${column}"` : `a ${typeof column}`
    if (typeof column !== 'string' || !known.has(column)) {
      throw invalidOption(
        owner,
        `columns[${index}]`,
        `is ${name}, not a column`,
        `The columns are: ${csvColumns.join(', ')}.`,
      )
    }
    if (columns.indexOf(column) !== index)
      throw invalidOption(owner, `columns[${index}]`, `is ${name} once more`)
  }
}

/**
 * Events as CSV (RFC 4180): comma, double quotes where needed, each record ended by CR LF.
 *
 * A field that is absent and one that is `null` are both an empty cell. Lists and objects whose keys are data
 * (`environment`, `limits`, `counts`) are JSON inside their cell. Throws FSFLOW_INVALID_OPTION.
 */
export function toCsv(events: readonly FileEvent[], options: CsvOptions = {}): string {
  rejectUnknownOptions('toCsv', options, ['header', 'escapeFormulas', 'columns'])
  optionalBoolean('header', options.header)
  optionalBoolean('escapeFormulas', options.escapeFormulas)
  checkColumns('toCsv', options.columns)
  const columns = options.columns ?? csvColumns
  const groups = options.columns === undefined ? allColumns : byField(columns)
  let text = options.header === false ? '' : columns.join(',') + '\r\n'
  for (const event of events) text += row(event, groups, options.escapeFormulas === true)
  return text
}
