import type { Sink } from '../contracts/index.js'
import { checkColumns, toCsv } from '../formats/toCsv.js'
import { inspectCsv } from './output/csvFile.js'
import {
  checkBoolean,
  describeDestination,
  destinationOf,
  type DestinationOptions,
} from './output/destination.js'
import { asText } from './output/Encode.js'
import { inspectFile } from './output/openFile.js'
import { recordSink } from './output/recordSink.js'

export interface CsvSinkOptions extends DestinationOptions {
  /** Puts an apostrophe before text that a spreadsheet would take for a formula. Default `false`. */
  readonly escapeFormulas?: boolean
  /** Which columns, in which order. Default: all of `csvColumns`. */
  readonly columns?: readonly string[]
}

/**
 * Writes events as CSV (RFC 4180), to standard output or to the end of a file.
 *
 * The line of column names comes first where there is nothing yet. A file that begins with other column names,
 * or does not end at the end of a record, is refused with FSFLOW_SINK_OPEN. Other errors as for `ndjson`.
 * Throws FSFLOW_INVALID_OPTION.
 */
export function csv(options: CsvSinkOptions = {}): Sink {
  const destination = destinationOf('csv', options, ['escapeFormulas', 'columns'])
  checkBoolean('csv', options, 'escapeFormulas')
  checkColumns('csv', options.columns)
  const layout = {
    escapeFormulas: options.escapeFormulas === true,
    ...(options.columns === undefined ? {} : { columns: [...options.columns] }),
  }
  const header = toCsv([], { ...layout, header: true })
  const { path } = destination
  const rows = { ...layout, header: false }

  const inspect = (fd: number, size: number): Promise<void> => inspectCsv(destination, header, fd, size)

  return recordSink({
    name: 'csv',
    description: describeDestination('CSV', destination),
    destination,
    encoder: () => asText((batch) => toCsv(batch, rows)),
    header,
    ...(path === undefined ? {} : { inspect: () => inspectFile(destination, path, inspect) }),
  })
}
