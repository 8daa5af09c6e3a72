import type { Sink } from '../contracts/index.js'
import { recordNames } from '../formats/recordFormat.js'
import { describeDestination, destinationOf } from './output/destination.js'
import { formatOf, linesFor, type RecordOptions } from './output/recordOptions.js'
import { recordSink } from './output/recordSink.js'

export type NdjsonSinkOptions = RecordOptions

/**
 * Writes each event as one line of JSON, to standard output or to the end of a file.
 *
 * Each batch is one write(2), so that several runs can append to one file. `check` and `open` reject with
 * FSFLOW_SINK_OPEN, `write` with FSFLOW_DISK_FULL or FSFLOW_SINK_WRITE and the number of events lost. Throws
 * FSFLOW_INVALID_OPTION.
 */
export function ndjson(options: NdjsonSinkOptions = {}): Sink {
  const destination = destinationOf('ndjson', options, ['format'])
  const format = formatOf('ndjson', options)
  return recordSink({
    name: 'ndjson',
    description: describeDestination(`one ${recordNames[format]} object a line`, destination),
    destination,
    encoder: () => linesFor(format),
  })
}
