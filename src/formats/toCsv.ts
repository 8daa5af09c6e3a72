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

const fieldPaths: ReadonlyMap<string, readonly string[]> = new Map(
  csvColumns.map((column) => [column, column.split('.')]),
)

type Cell = string | number | undefined

function cell(wire: unknown, path: readonly string[]): Cell {
  let value = wire
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number') return value
  // Lists, and objects whose keys are data; true and false come out the same way.
  return JSON.stringify(value)
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
    if (typeof column !== 'string' || !fieldPaths.has(column)) {
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
  const paths = columns.map((column) => fieldPaths.get(column)!)
  const records: (readonly Cell[])[] = options.header === false ? [] : [columns]
  for (const event of events) {
    const wire = toWire(event)
    records.push(paths.map((path) => cell(wire, path)))
  }
  return csvText(records, {
    record_delimiter: '\r\n',
    // Half of the delimiter has to be quoted as well, which csv-stringify does not do by itself.
    quoted_match: /[\r\n]/,
    escape_formulas: options.escapeFormulas === true,
  })
}
