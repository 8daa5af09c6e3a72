import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'
import { parseDuration } from '../../formats/parseDuration.js'
import { requireWhole } from './natsConnectionOptions.js'
import { NatsSetupError } from './natsProblem.js'
import { covers } from './natsSubjects.js'

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

const STREAM_NOT_FOUND = 10059
const NAME_IN_USE = 10058

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

/** What the server knows of a stream; `undefined` when there is none of that name. */
export async function findStream(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name)
  } catch (error) {
    if ((error as { code?: unknown }).code === STREAM_NOT_FOUND) return undefined
    throw error
  }
}

/** Rejects when the stream is not there, nor may be made, or takes other subjects. Makes none. */
export async function checkStream(manager: JetStreamManager, settings: NatsStreamSettings): Promise<void> {
  const found = await findStream(manager, settings.name)
  if (found !== undefined) requireSubjects(found, settings)
  else if (settings.create === undefined) throw missingStream(settings.name)
}

/** Makes the stream unless it is there, and rejects when it takes other subjects. */
export async function ensureStream(manager: JetStreamManager, settings: NatsStreamSettings): Promise<void> {
  const { name, create } = settings
  const found = await findStream(manager, name)
  if (found !== undefined || create === undefined) return checkStream(manager, settings)
  const nanos = (duration: string): number => parseDuration(duration) * 1e6
  try {
    await manager.streams.add({
      name,
      subjects: [settings.subjects],
      storage: create.storage,
      num_replicas: create.replicas,
      max_age: nanos(create.maxAge),
      duplicate_window: nanos(create.duplicateWindow),
      ...(create.maxBytes !== undefined && { max_bytes: create.maxBytes }),
    })
  } catch (error) {
    // Another host was faster, with other settings.
    if ((error as { code?: unknown }).code !== NAME_IN_USE) throw error
    await checkStream(manager, { ...settings, create: undefined })
  }
}

function requireSubjects({ config }: StreamInfo, { name, subjects }: NatsStreamSettings): void {
  if (config.subjects.some((taken) => covers(taken, subjects))) return
  throw new NatsSetupError(
    `the stream ${name} does not take ${subjects}, but ${config.subjects.join(', ') || 'nothing'}`,
    `Give another stream or subject, or add it: nats stream edit ${name} --subjects=...`,
  )
}

export function missingStream(name: string): NatsSetupError {
  return new NatsSetupError(
    `there is no stream ${name}`,
    'Check the name; a sink nats that may create it makes it, and so does `nats stream add`.',
  )
}
