import type * as JetStream from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import { FsflowError } from '../../errors/index.js'

/** What is used of the two packages of the client. */
export interface NatsClient {
  readonly connect: typeof Transport.connect
  readonly credsAuthenticator: typeof Transport.credsAuthenticator
  readonly jetstream: typeof JetStream.jetstream
  readonly jetstreamManager: typeof JetStream.jetstreamManager
}

/** The client, from optional packages. Rejects with FSFLOW_MISSING_PACKAGE. */
export async function loadNats(): Promise<NatsClient> {
  try {
    const { connect, credsAuthenticator } = await import('@nats-io/transport-node')
    const { jetstream, jetstreamManager } = await import('@nats-io/jetstream')
    return { connect, credsAuthenticator, jetstream, jetstreamManager }
  } catch (cause) {
    throw new FsflowError({
      code: 'FSFLOW_MISSING_PACKAGE',
      message: 'the optional packages @nats-io/transport-node and @nats-io/jetstream are not installed',
      path: '@nats-io/transport-node',
      hint: 'Install them with `npm install @nats-io/transport-node@~3.3.1 @nats-io/jetstream@~3.3.1`.',
      cause,
    })
  }
}
