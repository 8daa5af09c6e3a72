import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { invalidOption } from '../../errors/index.js'
import type { FileEvent } from '../../events/index.js'
import { NdjsonEncoder } from '../../formats/NdjsonEncoder.js'
import { recordEncoder, recordFormats, type RecordFormat } from '../../formats/recordFormat.js'
import type { DestinationOptions } from './destination.js'
import { asText, type Encode } from './Encode.js'

/** What a sink takes that writes one JSON object an event. */
export interface RecordOptions extends DestinationOptions {
  /**
   * The fields of the objects: those of an event, of the Elastic Common Schema, of OCSF, or of CloudEvents 1.0.
   * Default `'json'`.
   */
  readonly format?: RecordFormat
}

/** The format that is asked for. Throws FSFLOW_INVALID_OPTION for one that there is not. */
export function formatOf(owner: string, { format = 'json' }: { readonly format?: unknown }): RecordFormat {
  const found = recordFormats.find((name) => name === format)
  if (found !== undefined) return found
  throw invalidOption(owner, 'format', 'is not known', `One of: ${recordFormats.join(', ')}.`)
}

/** An encoder for one run of a sink. */
export function encoderFor(format: RecordFormat): (event: FileEvent) => string {
  return recordEncoder(format, { run: randomUUID(), host: hostname() })
}

/** The same, with a line for each event. */
export function linesFor(format: RecordFormat): Encode {
  if (format === 'json') {
    const encoder = new NdjsonEncoder()
    return (batch, to) => {
      for (const event of batch) encoder.append(event, to)
    }
  }
  const encode = encoderFor(format)
  return asText((batch) => batch.map((event) => encode(event) + '\n').join(''))
}
