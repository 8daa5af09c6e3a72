import { isatty } from 'node:tty'
import type { Sink } from '../contracts/index.js'
import { invalidOption } from '../errors/index.js'
import { toCard, toText } from '../formats/index.js'
import {
  checkBoolean,
  describeDestination,
  destinationOf,
  type DestinationOptions,
} from './output/destination.js'
import { asText, type Encode } from './output/Encode.js'
import { recordSink } from './output/recordSink.js'

export interface TextSinkOptions extends DestinationOptions {
  /**
   * Whether the type is coloured. Default `'auto'`: on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`;
   * never in a file.
   */
  readonly color?: 'auto' | boolean
  /** Whether each event is a card of several lines instead of one line. Default `false`. */
  readonly long?: boolean
}

function terminalHasColor(): boolean {
  const { NO_COLOR = '', TERM } = process.env
  return isatty(1) && NO_COLOR === '' && TERM !== 'dumb'
}

/**
 * Writes each event for people to read, one line each or with `long` one card, to standard output or to the end
 * of a file.
 *
 * Control characters in names are escaped. Errors as for `ndjson`. Throws FSFLOW_INVALID_OPTION.
 */
export function text(options: TextSinkOptions = {}): Sink {
  const destination = destinationOf('text', options, ['color', 'long'])
  const { color = 'auto', long = false } = options
  if (color !== 'auto' && typeof (color as unknown) !== 'boolean') {
    throw invalidOption('text', 'color', "must be 'auto', true or false")
  }
  checkBoolean('text', options, 'long')
  const format = long ? toCard : toText
  return recordSink({
    name: 'text',
    description: describeDestination(long ? 'one card an event' : 'one line an event', destination),
    destination,
    encoder: (): Encode => {
      const settings = {
        color: color === 'auto' ? destination.path === undefined && terminalHasColor() : color,
      }
      return asText((batch) => batch.map((event) => format(event, settings)).join(''))
    },
  })
}
