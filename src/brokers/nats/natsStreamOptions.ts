import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'
import { parseDuration } from '../../formats/parseDuration.js'
import { requireWhole } from './natsConnectionOptions.js'

/** What a stream is made with when there is none. */
export interface NatsStreamOptions {
  /** Default `'file'`. */
  readonly storage?: 'file' | 'memory'
  /** On how many servers of a cluster it is kept: 1, 3 or 5. Default 1. */
  readonly replicas?: number
  /** Older events are removed: a duration such as `'7d'`. Default `'7d'`. */
  readonly maxAge?: string
  /** Above that many bytes the oldest events are removed. Default: no bound but the server's. */
  readonly maxBytes?: number
  /** For how long the server remembers what it has, to leave out what comes again. Default `'2m'`. */
  readonly duplicateWindow?: string
}

export interface NatsStreamSettings {
  readonly name: string
  /** What the stream is to take. */
  readonly subjects: string
  /** `undefined`: it must be there. */
  readonly create:
    (Required<Omit<NatsStreamOptions, 'maxBytes'>> & Pick<NatsStreamOptions, 'maxBytes'>) | undefined
}

/** Throws FSFLOW_INVALID_OPTION. */
export function createOptions(owner: string, given: unknown): NatsStreamSettings['create'] {
  if (given === false) return undefined
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw invalidOption(owner, 'create', 'must be true, false, or an object')
  }
  const options = (given === true ? {} : given) as NatsStreamOptions
  rejectUnknownOptions(owner, options, ['storage', 'replicas', 'maxAge', 'maxBytes', 'duplicateWindow'])
  const { storage = 'file', replicas = 1, maxAge = '7d', maxBytes, duplicateWindow = '2m' } = options
  if (!['file', 'memory'].includes(storage)) {
    throw invalidOption(owner, 'create.storage', 'is not known', 'One of: file, memory.')
  }
  requireWhole(owner, 'create.replicas', replicas, 1, 5)
  if (maxBytes !== undefined) requireWhole(owner, 'create.maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER)
  for (const [name, value] of Object.entries({ maxAge, duplicateWindow })) {
    if (parseDuration(value) > 0) continue
    throw invalidOption(owner, `create.${name}`, "must be a duration such as '7d', '12h', '2m' or '30s'")
  }
  if (parseDuration(duplicateWindow) > parseDuration(maxAge)) {
    throw invalidOption(owner, 'create.duplicateWindow', 'must not be longer than maxAge')
  }
  return { storage, replicas, maxAge, duplicateWindow, ...(maxBytes !== undefined && { maxBytes }) }
}
