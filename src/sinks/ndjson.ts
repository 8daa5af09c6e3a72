import type { Sink } from '../contracts/index.js'
import { toNdjson } from '../formats/index.js'
import { describeDestination, destinationOf, type DestinationOptions } from './output/destination.js'
import { recordSink, type Encode } from './output/recordSink.js'

const encode: Encode = (batch) => {
  let text = ''
  for (const event of batch) text += toNdjson(event)
  return text
}

/**
 * Writes each event as one line of JSON, to standard output or to the end of a file.
 *
 * Each batch is one write(2), so that several runs can append to one file. `check` and `open` reject with
 * FSFLOW_SINK_OPEN, `write` with FSFLOW_DISK_FULL or FSFLOW_SINK_WRITE and the number of events lost. Throws
 * FSFLOW_INVALID_OPTION.
 */
export function ndjson(options: DestinationOptions = {}): Sink {
  const destination = destinationOf('ndjson', options, [])
  return recordSink({
    name: 'ndjson',
    description: describeDestination('one JSON object a line', destination),
    destination,
    encoder: () => encode,
  })
}
