import type { JetStreamClient } from '@nats-io/jetstream'

export interface NatsMessage {
  readonly subject: string
  /** The same for the same event, each time that it is sent. */
  readonly id: string
  readonly body: string
}

export interface PublishOptions {
  /** The first message to send. */
  readonly from: number
  readonly stream: string
  /** The most messages that are sent and not acknowledged. */
  readonly inFlight: number
  /** Milliseconds for an acknowledgement. */
  readonly timeout: number
}

export interface PublishResult {
  /** The messages before this one have been acknowledged, all of them. */
  readonly acknowledged: number
  readonly failure?: { readonly error: unknown }
}

/**
 * Sends messages in their order, and waits for their acknowledgements. After the first failure no further one is sent;
 * of those that were on their way by then, some may have arrived.
 */
export async function publishAll(
  connection: { isClosed(): boolean },
  client: JetStreamClient,
  messages: { readonly count: number; at(index: number): NatsMessage },
  { from, stream, inFlight, timeout }: PublishOptions,
): Promise<PublishResult> {
  let acknowledged = messages.count
  let failure: PublishResult['failure']
  let open = 0
  let wake: () => void = () => undefined
  const fail = (index: number, error: unknown): void => {
    if (index >= acknowledged) return
    acknowledged = index
    failure = { error }
  }
  const settled = (): void => {
    open--
    wake()
  }
  const free = (): Promise<void> => new Promise((resolve) => (wake = resolve))

  for (let index = from; index < acknowledged; index++) {
    if (connection.isClosed()) {
      fail(index, new Error('the connection was lost'))
      break
    }
    const { subject, id, body } = messages.at(index)
    open++
    client
      .publish(subject, body, { msgID: id, timeout, expect: { streamName: stream } })
      .catch((error: unknown) => fail(index, error))
      .finally(settled)
    while (open >= inFlight) await free()
  }
  while (open > 0) await free()
  return { acknowledged, ...(failure !== undefined && { failure }) }
}
