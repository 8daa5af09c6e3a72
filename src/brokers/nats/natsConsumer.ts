import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from '@nats-io/jetstream'
import { NatsSetupError } from './natsProblem.js'
import { findStream, missingStream } from './natsStream.js'

export interface NatsConsumerSettings {
  readonly stream: string
  /** The durable name: all who use it share the work. */
  readonly name: string
  /** Subjects, with wildcards; none for all of the stream. */
  readonly filters: readonly string[]
  readonly from: 'all' | 'new'
  /** Milliseconds after which a message that nobody has acknowledged is given to another one. */
  readonly ackWait: number
  /** The most messages that are given out and not acknowledged, over all who share the work. */
  readonly maxAckPending: number
}

const CONSUMER_NOT_FOUND = 10014

/** Rejects when the consumer could not be used. Makes none. */
export async function checkConsumer(
  manager: JetStreamManager,
  settings: NatsConsumerSettings,
): Promise<ConsumerInfo | undefined> {
  const { stream, name } = settings
  if ((await findStream(manager, stream)) === undefined) throw missingStream(stream)
  try {
    const found = await manager.consumers.info(stream, name)
    requireSame(found.config, settings)
    return found
  } catch (error) {
    if ((error as { code?: unknown }).code === CONSUMER_NOT_FOUND) return undefined
    throw error
  }
}

/** Makes the durable pull consumer unless it is there, and rejects when that one differs. */
export async function ensureConsumer(
  manager: JetStreamManager,
  settings: NatsConsumerSettings,
): Promise<ConsumerInfo> {
  const { stream, name, filters, from, ackWait, maxAckPending } = settings
  const found = await checkConsumer(manager, settings)
  if (found !== undefined) return found
  return manager.consumers.add(stream, {
    durable_name: name,
    ack_policy: 'explicit',
    ack_wait: ackWait * 1e6,
    max_ack_pending: maxAckPending,
    deliver_policy: from,
    max_deliver: -1,
    // Several need a server that knows of them.
    ...(filters.length === 1 && { filter_subject: filters[0]! }),
    ...(filters.length > 1 && { filter_subjects: [...filters] }),
  })
}

function requireSame(config: ConsumerConfig, { stream, name, filters }: NatsConsumerSettings): void {
  const there = config.filter_subjects ?? (config.filter_subject === undefined ? [] : [config.filter_subject])
  const differs =
    config.deliver_subject !== undefined
      ? 'it is a push consumer'
      : config.ack_policy !== 'explicit'
        ? `its ack policy is ${config.ack_policy}`
        : [...there].sort().join() !== [...filters].sort().join()
          ? `its filter is ${there.join(', ') || 'none'}`
          : undefined
  if (differs === undefined) return
  throw new NatsSetupError(
    `the consumer ${name} of the stream ${stream} cannot be used: ${differs}`,
    `Give another name, or remove it: nats consumer rm ${stream} ${name}`,
  )
}
