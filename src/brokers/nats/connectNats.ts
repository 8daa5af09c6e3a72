import { readFile } from 'node:fs/promises'
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { messageOf } from '../../errors/messageOf.js'
import { loadNats, type NatsClient } from './loadNats.js'
import type { NatsConnectionSettings, NatsLogin, NatsTlsOptions } from './natsConnectionOptions.js'
import { NatsFileError } from './natsProblem.js'

/** One connection, from its beginning to its end: it is not made anew by itself. */
export interface NatsLink {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
}

const PING_INTERVAL = 15_000

/**
 * Connects to one of the servers. Rejects with an error of the client, or FSFLOW_MISSING_PACKAGE.
 *
 * The client's own way to connect anew is off: it would send at once what was written in between, before what was lost
 * with the old connection. As it is, what the server gets of one connection is what was sent first.
 */
export async function connectNats(settings: NatsConnectionSettings, name: string): Promise<NatsLink> {
  const nats = await loadNats()
  const { servers, login, tls, timeout } = settings
  const connection = await nats.connect({
    servers: [...servers],
    name,
    timeout,
    reconnect: false,
    // One attempt for each server.
    maxReconnectAttempts: 1,
    pingInterval: PING_INTERVAL,
    noAsyncTraces: true,
    ...(tls !== undefined && { tls: await tlsOf(tls) }),
    ...(await loginOf(nats, login)),
  })
  const client = nats.jetstream(connection, { timeout })
  // The question whether JetStream is there needs a right that agents need not have.
  const manager = await nats.jetstreamManager(connection, { timeout, checkAPI: false })
  return { connection, client, manager }
}

/** Ends a connection; never rejects. What was sent before is sent first. */
export async function endNats({ connection }: Pick<NatsLink, 'connection'>): Promise<void> {
  if (connection.isClosed()) return
  await connection.flush().catch(() => undefined)
  await connection.close().catch(() => undefined)
}

async function loginOf(nats: NatsClient, login: NatsLogin): Promise<object> {
  if (login === undefined) return {}
  if (!('credentials' in login)) return login
  return { authenticator: nats.credsAuthenticator(await contentOf(login.credentials)) }
}

async function tlsOf({ ca, cert, key }: NatsTlsOptions): Promise<Record<string, string>> {
  const files = Object.entries({ ca, cert, key }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const contents = files.map(async ([name, path]) => [name, (await contentOf(path)).toString()] as const)
  return Object.fromEntries(await Promise.all(contents))
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new NatsFileError(`cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}
