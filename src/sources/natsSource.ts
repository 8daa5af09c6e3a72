import { resolve } from 'node:path'
import {
  MAX_TIME,
  natsConnectionOptions,
  natsConnectionSettings,
  requireName,
  requireText,
  requireWhole,
  type NatsConnectionOptions,
} from '../brokers/nats/natsConnectionOptions.js'
import { isSubject } from '../brokers/nats/natsSubjects.js'
import type { CheckReport, Source } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { checkNatsSource, NatsRun, type NatsSourceSettings } from './nats/NatsRun.js'
import { openRuns } from './support/openRuns.js'

export interface NatsSourceOptions extends NatsConnectionOptions {
  /** The name of the stream. */
  readonly stream: string
  /** The durable name of the consumer: all runs that give the same share the work. */
  readonly consumer: string
  /**
   * Subjects of the events that are wanted, with wildcards: `fsflow.web1.srv.www.>`. Several need nats-server 2.10.
   * Default: all of the stream.
   */
  readonly filter?: string | readonly string[]
  /** Where a consumer begins that is not there yet: with all that the stream has, or what comes. Default `'all'`. */
  readonly from?: 'all' | 'new'
  /** The most messages that are fetched at once. Default 256. */
  readonly batch?: number
  /** Milliseconds after which what a run that is gone has not acknowledged goes to another. Default 30000. */
  readonly ackWait?: number
  /** The most messages that are given out and not acknowledged, over all runs. Default 20000. */
  readonly maxAckPending?: number
  /** What becomes of a message that is not an event: it is told and left out, or the run fails. Default `'skip'`. */
  readonly brokenMessages?: 'skip' | 'fail'
  /** Paths that are watched on the hosts: globs are relative to them. Default: none, so that they are relative to `/`. */
  readonly roots?: string | readonly string[]
}

const known = [
  ...natsConnectionOptions,
  'stream',
  'consumer',
  'filter',
  'from',
  'batch',
  'ackWait',
  'maxAckPending',
  'brokenMessages',
  'roots',
]

/**
 * Events that others have sent to a stream of NATS JetStream, with the sink `nats`.
 *
 * Each message is acknowledged when the sinks have written its event: what a run that ends has not written, another one
 * gets. Events keep their times, their details and their `source`; they are numbered anew. It never ends by itself. It
 * fails with FSFLOW_SOURCE_OPEN, FSFLOW_SOURCE_READ, FSFLOW_MISSING_PACKAGE or, with `brokenMessages: 'fail'`,
 * FSFLOW_INVALID_EVENT. Throws FSFLOW_INVALID_OPTION at once.
 */
export function natsSource(options: NatsSourceOptions): Source {
  const settings = validate(options)
  return {
    name: 'nats',
    providesPaths: true,
    roots: settings.roots,
    check: () => check(settings),
    ...openRuns((subscriber, context) => new NatsRun(subscriber, context, settings)),
  }
}

function validate(options: NatsSourceOptions): NatsSourceSettings {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    const hint =
      "For example natsSource({ servers: 'nats://127.0.0.1:4222', stream: 'FILES', consumer: 'index' })."
    throw invalidOption('natsSource', 'options', 'must be an object', hint)
  }
  rejectUnknownOptions('natsSource', given, known)
  const { filter = [], from = 'all', batch = 256, ackWait = 30_000, maxAckPending = 20_000 } = options
  const { brokenMessages = 'skip', roots = [] } = options
  const connection = natsConnectionSettings('natsSource', options)
  const stream = requireName('natsSource', 'stream', options.stream)
  const name = requireName('natsSource', 'consumer', options.consumer)
  const filters = listOf(filter)
  for (const subject of filters) {
    if (isSubject(subject, true)) continue
    const hint = "For example 'fsflow.web1.srv.>'."
    throw invalidOption('natsSource', 'filter', 'must be a subject, or a list of subjects', hint)
  }
  oneOf('from', from, ['all', 'new'])
  oneOf('brokenMessages', brokenMessages, ['skip', 'fail'])
  requireWhole('natsSource', 'batch', batch, 1, 8192)
  requireWhole('natsSource', 'ackWait', ackWait, 100, MAX_TIME)
  requireWhole('natsSource', 'maxAckPending', maxAckPending, 1, 10_000_000)
  return {
    connection,
    consumer: { stream, name, filters: filters as readonly string[], from, ackWait, maxAckPending },
    batch,
    brokenMessages,
    roots: listOf(roots)
      .map((root, index) => resolve(requireText('natsSource', `roots[${index}]`, root)))
      .sort((one, other) => other.length - one.length),
  }
}

function listOf(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [given]
}

function oneOf(option: string, value: unknown, values: readonly unknown[]): void {
  if (values.includes(value)) return
  throw invalidOption('natsSource', option, 'is not known', `One of: ${values.join(', ')}.`)
}

async function check(settings: NatsSourceSettings): Promise<CheckReport> {
  const { connection, consumer, brokenMessages } = settings
  const filter = consumer.filters.length === 0 ? 'all subjects' : consumer.filters.join(', ')
  const lines = [
    `consumes the stream ${consumer.stream} at ${connection.where} as ${consumer.name}: ${filter}`,
    `a message that is not an event ${brokenMessages === 'skip' ? 'is told and left out' : 'ends the run'}`,
  ]
  try {
    await checkNatsSource(settings)
    return { lines, problems: [] }
  } catch (error) {
    return { lines, problems: [error as Error] }
  }
}
