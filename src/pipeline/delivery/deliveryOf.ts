import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Sink } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import { loadLibsql } from '../../sinks/database/loadLibsql.js'
import type { Pipeline } from '../Pipeline.js'
import type { RetrySettings } from './Circuit.js'
import { deliveryOptions, type RetryOptions } from './deliver.js'
import { spoolError, spoolProblem } from './spoolFile.js'

export interface SpoolSettings {
  readonly path: string
  readonly size: number
  readonly whenFull: 'drop' | 'fail'
}

/** How a sink of a pipeline is treated when it is slow or fails. */
export interface Delivery {
  readonly whenFull: 'spill' | 'dropOldest' | 'fail'
  readonly queue: number
  /** With `whenFull: 'spill'`. */
  readonly spool: SpoolSettings | undefined
  /** `undefined`: a sink that fails gets no further events. */
  readonly retry: RetrySettings | undefined
  /** Whether the spool was asked for, and is not there by default. */
  readonly isDeclared: boolean
  /** Why there is no spool although there would be one by default. */
  readonly unspooled: FsflowError | undefined
  /** Why it cannot be as it was declared. */
  readonly problem: FsflowError | undefined
}

const SPOOL_SIZE = 2 ** 30
/** What does not fit goes to disk: more in memory is only more that a crash would lose. */
const QUEUE_BEFORE_SPOOL = 32_768

/** Works out, by a look at the disk, how the events of a sink are delivered. Changes nothing. */
export function deliveryOf(sink: Sink, pipeline: Pick<Pipeline, 'name' | 'queueSize'>): Delivery {
  const options = deliveryOptions(sink) ?? {}
  const isRemote = sink.remote !== undefined
  const isDeclared = options.whenFull === 'spill' || options.spool !== undefined
  const isWanted = isDeclared || (isRemote && options.whenFull === undefined)
  const spool: SpoolSettings | undefined = isWanted
    ? {
        path: options.spool?.path ?? defaultPath(sink, pipeline.name),
        size: options.spool?.size ?? SPOOL_SIZE,
        whenFull: options.spool?.whenFull ?? 'drop',
      }
    : undefined
  const obstacle = spool && obstacleOf(spool.path)
  const isSpooled = spool !== undefined && (isDeclared || obstacle === undefined)
  const most = isSpooled ? Math.min(pipeline.queueSize, QUEUE_BEFORE_SPOOL) : pipeline.queueSize
  return {
    whenFull: isSpooled ? 'spill' : (options.whenFull ?? 'dropOldest'),
    queue: options.queue ?? most,
    spool: isSpooled ? spool : undefined,
    retry: retrySettings(options.retry ?? (isSpooled || isRemote)),
    isDeclared,
    unspooled: isDeclared ? undefined : obstacle,
    problem: isDeclared ? obstacle : undefined,
  }
}

function retrySettings(given: boolean | RetryOptions): RetrySettings | undefined {
  if (given === false) return undefined
  const { first = 500, longest = 30_000, openAfter = 5, giveUpAfter = Infinity } = given === true ? {} : given
  return { first, longest, openAfter, giveUpAfter }
}

function obstacleOf(path: string): FsflowError | undefined {
  try {
    loadLibsql()
  } catch (error) {
    return FsflowError.is(error) ? error : spoolError(path, error)
  }
  return spoolProblem(path)
}

/** The same file for the same destination in a pipeline of the same name. What is secret in an address is not in it. */
function defaultPath({ name, remote = '' }: Sink, pipeline = ''): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([pipeline, remote]))
    .digest('hex')
  return join(stateDirectory(), 'spool', `${name.replace(/[^\w-]/g, '_')}-${digest.slice(0, 16)}.db`)
}

function stateDirectory(): string {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = process.env
  // systemd gives a list.
  const [given] = (STATE_DIRECTORY ?? '').split(':')
  if (given !== undefined && given !== '') return given
  const home = XDG_STATE_HOME?.startsWith('/') === true ? XDG_STATE_HOME : join(homedir(), '.local', 'state')
  return join(home, 'fsflow')
}
