import { resolve } from 'node:path'
import type { Sink } from '../../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'

export interface SpoolOptions {
  /**
   * The file. Default, for sinks that send to other machines: one in `$STATE_DIRECTORY/spool`, or
   * `$XDG_STATE_HOME/fsflow/spool`, or `~/.local/state/fsflow/spool`; other sinks need one.
   */
  readonly path?: string
  /** Bytes that the file may take. Default 1073741824. */
  readonly size?: number
  /** What becomes of events that find the spool full, or its disk: lost and counted, or the end of the run. Default `'drop'`. */
  readonly whenFull?: 'drop' | 'fail'
}

export interface RetryOptions {
  /** Milliseconds, at the most, until the second attempt; it doubles with each further one. Default 500. */
  readonly first?: number
  /** Milliseconds, at the most, from one attempt to the next. Default 30000. */
  readonly longest?: number
  /** After how many failures in a row the circuit opens: from then on one event is tried at a time. Default 5. */
  readonly openAfter?: number
  /** Milliseconds of failures after which the sink has failed for good. Default: never. */
  readonly giveUpAfter?: number
}

export interface DeliverOptions {
  /**
   * What becomes of events when `queue` of them wait: they go to a spool on disk, the oldest are lost and counted, or
   * the run ends with FSFLOW_SINK_FULL. Default `'dropOldest'`; `'spill'` with a spool, and for sinks that send to
   * other machines.
   */
  readonly whenFull?: 'spill' | 'dropOldest' | 'fail'
  /** Events that may wait in memory. Default: `queueSize` of the pipeline, with `'spill'` at most 32768. */
  readonly queue?: number
  /** The spool on disk, with `'spill'`. */
  readonly spool?: SpoolOptions
  /** Whether and how a write that failed is tried again. Default `true` with `'spill'` and for sinks that send to other machines. */
  readonly retry?: boolean | RetryOptions
}

const brand = Symbol.for('fsflow.delivery')
const MOST = 2 ** 31 - 1
/** Less would not hold the tables of an empty spool and one batch. */
const LEAST_SPOOL = 262_144

/**
 * A sink with a declared way to treat it when it is slow or fails.
 *
 * The events of each sink wait in a queue of its own. This says what happens when it is full, whether a failed write is
 * tried again, and where events are kept on disk meanwhile, also past the end of the run. Throws FSFLOW_INVALID_OPTION.
 *
 * ```ts
 * deliver(sqlite({ path: 'events.db' }), { whenFull: 'spill', spool: { path: 'spool/events.db' } })
 * ```
 */
export function deliver(sink: Sink, options: DeliverOptions): Sink {
  const given: unknown = sink
  if (typeof given !== 'object' || given === null || typeof sink.open !== 'function') {
    throw invalidOption(
      'deliver',
      'sink',
      'is not a sink',
      'For example deliver(webhook({ ... }), { queue: 1000 }).',
    )
  }
  if (deliveryOptions(sink) !== undefined) {
    throw invalidOption('deliver', 'sink', 'has been given to deliver already', 'Give all options at once.')
  }
  const { name, description, remote, spoolable, reopens } = sink
  const delivered: Sink = {
    name,
    description,
    remote,
    spoolable,
    ...(reopens !== undefined && { reopens }),
    destination: async () => sink.destination?.(),
    check: () => sink.check(),
    open: (context) => sink.open(context),
  }
  return Object.defineProperty(delivered, brand, { value: validate(sink, options) })
}

/** What `deliver` was given for a sink, in this copy of the package or another. */
export function deliveryOptions(sink: Sink): DeliverOptions | undefined {
  return (sink as { readonly [brand]?: DeliverOptions })[brand]
}

function validate(sink: Sink, options: DeliverOptions): DeliverOptions {
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalidOption('deliver', 'options', 'must be an object', "For example { whenFull: 'dropOldest' }.")
  }
  rejectUnknownOptions('deliver', given, ['whenFull', 'queue', 'spool', 'retry'])
  const { whenFull, queue, spool, retry } = options
  requireOneOf('whenFull', whenFull, ['spill', 'dropOldest', 'fail'])
  requireWhole('queue', queue, 1)
  if (spool !== undefined && whenFull !== undefined && whenFull !== 'spill') {
    throw invalidOption('deliver', 'spool', `is not used with whenFull: '${whenFull}'`)
  }
  if (whenFull === 'spill' || spool !== undefined) {
    if (sink.spoolable === false) {
      const why = 'Its events have more to them than can be kept.'
      throw invalidOption('deliver', 'whenFull', `cannot be 'spill' for the sink ${sink.name}`, why)
    }
    if (sink.remote === undefined && spool?.path === undefined) {
      throw invalidOption(
        'deliver',
        'spool.path',
        'is missing',
        "For example spool: { path: 'spool/events.db' }.",
      )
    }
  }
  return {
    ...options,
    ...(spool !== undefined && { spool: validSpool(spool) }),
    ...(retry !== undefined && { retry: validRetry(retry) }),
  }
}

function validSpool(spool: SpoolOptions): SpoolOptions {
  if (typeof (spool as unknown) !== 'object' || (spool as unknown) === null) {
    throw invalidOption('deliver', 'spool', 'must be an object', "For example { path: 'spool/events.db' }.")
  }
  rejectUnknownOptions('deliver: spool', spool, ['path', 'size', 'whenFull'])
  const { path, size, whenFull } = spool
  requireOneOf('spool.whenFull', whenFull, ['drop', 'fail'])
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= LEAST_SPOOL)) {
    throw invalidOption('deliver', 'spool.size', `must be a number of bytes, ${LEAST_SPOOL} or more`)
  }
  if (path === undefined) return spool
  if (typeof (path as unknown) !== 'string' || path === '' || path.includes('\0') || path.endsWith('/')) {
    throw invalidOption('deliver', 'spool.path', 'must be the path of a file')
  }
  return { ...spool, path: resolve(path) }
}

function validRetry(retry: boolean | RetryOptions): boolean | RetryOptions {
  if (typeof retry === 'boolean') return retry
  if (typeof (retry as unknown) !== 'object' || (retry as unknown) === null) {
    throw invalidOption('deliver', 'retry', 'must be true, false or an object')
  }
  const names = ['first', 'longest', 'openAfter', 'giveUpAfter'] as const
  rejectUnknownOptions('deliver: retry', retry, names)
  for (const name of names) requireWhole(`retry.${name}`, retry[name], 1)
  return retry
}

function requireOneOf(option: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || (typeof value === 'string' && choices.includes(value))) return
  throw invalidOption('deliver', option, 'is not known', `One of: ${choices.join(', ')}.`)
}

function requireWhole(option: string, value: unknown, least: number): void {
  if (
    value === undefined ||
    (Number.isInteger(value) && (value as number) >= least && (value as number) <= MOST)
  )
    return
  throw invalidOption('deliver', option, `must be a whole number from ${least} to ${MOST}`)
}
