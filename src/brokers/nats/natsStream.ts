import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import { parseDuration } from '../../formats/parseDuration.js'
import { NatsSetupError } from './natsProblem.js'
import type { NatsStreamSettings } from './natsStreamOptions.js'
import { covers } from './natsSubjects.js'

const STREAM_NOT_FOUND = 10059
const NAME_IN_USE = 10058

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
