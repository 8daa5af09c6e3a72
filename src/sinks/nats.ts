import { hostname } from 'node:os'
import {
  natsConnectionOptions,
  natsConnectionSettings,
  requireName,
  requireText,
  requireWhole,
  type NatsConnectionOptions,
} from '../brokers/nats/natsConnectionOptions.js'
import { createOptions, type NatsStreamOptions } from '../brokers/nats/natsStreamOptions.js'
import { isSubject } from '../brokers/nats/natsSubjects.js'
import type { Sink } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { recordNames, type RecordFormat } from '../formats/recordFormat.js'
import { checkNats, NatsWriter, type NatsSinkSettings } from './nats/NatsWriter.js'
import { formatOf } from './output/recordOptions.js'

export interface NatsSinkOptions extends NatsConnectionOptions {
  /** The name of the stream. */
  readonly stream: string
  /** What the subjects of all events begin with. Default `'fsflow'`. */
  readonly subject?: string
  /** The name of this machine, in the subjects. Default: its host name. */
  readonly host?: string
  /** Whether the stream is made when there is none, and how. Default `true`. */
  readonly create?: boolean | NatsStreamOptions
  /** Events that are sent before the first of them is acknowledged. Default 256. */
  readonly inFlight?: number
  /** An event, or what the Elastic Common Schema, OCSF or CloudEvents 1.0 make of it. Default `'json'`. */
  readonly format?: RecordFormat
  /** Whether the run fails when no server can be reached at its start, or begins and tries later. Default `'fail'`. */
  readonly whenUnreachable?: 'fail' | 'wait'
}

const known = [
  ...natsConnectionOptions,
  'stream',
  'subject',
  'host',
  'create',
  'inFlight',
  'format',
  'whenUnreachable',
]

/**
 * Sends each event to a stream of NATS JetStream, under a subject made of the host and the path.
 *
 * Events carry the id of the run and their number, so that the server leaves out what comes again. `check` and `open`
 * reject with FSFLOW_SINK_OPEN or FSFLOW_MISSING_PACKAGE. `write` rejects with FSFLOW_SINK_WRITE when the server did
 * not acknowledge all events; called again with these, it connects anew. Throws FSFLOW_INVALID_OPTION.
 */
export function nats(options: NatsSinkOptions): Sink {
  const settings = validate(options)
  const { connection, stream, prefix, format } = settings
  return {
    name: 'nats',
    description: `one ${recordNames[format]} object a message, to the stream ${stream.name} as ${prefix}.HOST.PATH, at ${connection.where}`,
    remote: `${connection.where} ${stream.name} ${prefix}`,
    check: () => checkNats(settings),
    open: (context) => NatsWriter.open(settings, context),
  }
}

function validate(options: NatsSinkOptions): NatsSinkSettings {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    const hint = "For example nats({ servers: 'nats://127.0.0.1:4222', stream: 'FILES' })."
    throw invalidOption('nats', 'options', 'must be an object', hint)
  }
  rejectUnknownOptions('nats', given, known)
  const { subject = 'fsflow', host = hostname(), create = true, inFlight = 256 } = options
  const { whenUnreachable = 'fail' } = options
  const connection = natsConnectionSettings('nats', options)
  const name = requireName('nats', 'stream', options.stream)
  if (!isSubject(subject)) {
    throw invalidOption(
      'nats',
      'subject',
      'must be a subject without wildcards',
      "For example 'fsflow.files'.",
    )
  }
  requireWhole('nats', 'inFlight', inFlight, 1, 8192)
  if (!['fail', 'wait'].includes(whenUnreachable)) {
    throw invalidOption('nats', 'whenUnreachable', 'is not known', 'One of: fail, wait.')
  }
  return {
    connection,
    stream: { name, subjects: `${subject}.>`, create: createOptions('nats', create) },
    prefix: subject,
    host: requireText('nats', 'host', host),
    inFlight,
    format: formatOf('nats', options),
    whenUnreachable,
  }
}
