import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream, jetstreamManager, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { until } from './until.js'

// Some megabytes.
const MOST_AT_ONCE = 10_000

/** A server on loopback with a port and a storage of its own. It ends with the process that started it. */
export class NatsServer {
  readonly #directory: string
  readonly #config: string
  #port = -1
  #child: ChildProcess | undefined
  #admin: NatsConnection | undefined
  #login: object = {}

  private constructor(directory: string, config: string) {
    this.#directory = directory
    this.#config = config
  }

  /** `config` is added to that of the server; `login` is what the helper itself connects with. */
  static async start(config = '', login: object = {}): Promise<NatsServer> {
    const server = new NatsServer(await mkdtemp(join(tmpdir(), 'fsflow-nats-')), config)
    server.#login = login
    await server.startAgain()
    return server
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`
  }

  /** Also after `stop`: at the same port, with what it has stored. */
  async startAgain(): Promise<void> {
    const file = join(this.#directory, 'server.conf')
    const store = join(this.#directory, 'store')
    await writeFile(
      file,
      `host: 127.0.0.1\nport: ${this.#port}\njetstream { store_dir: "${store}" }\n${this.#config}\n`,
    )
    const args = ['--pdeathsig', 'KILL', 'nats-server', '-c', file]
    let log = ''
    const child = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    child.once('close', () => (log += 'it has ended'))
    this.#child = child
    const isReady = (): boolean => log.includes('Server is ready')
    await until(
      () => isReady() || log.includes('it has ended'),
      () => `a server that is ready: ${log}`,
    )
    if (!isReady()) throw new Error(`nats-server does not start: ${log}`)
    const [, port] = /client connections on 127\.0\.0\.1:(\d+)/.exec(log) ?? []
    this.#port = Number(port)
  }

  /** Connections of clients to it that are open, that of this helper included. */
  connections(): number {
    const hex = this.#port.toString(16).toUpperCase().padStart(4, '0')
    const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n')
    return lines.filter((line) => new RegExp(`^ *\\d+: \\S+ 0100007F:${hex} 01 `).test(line)).length
  }

  /** By SIGKILL, so that nothing is told to clients first, or as given. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    await this.#admin?.close()
    this.#admin = undefined
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
  }

  /** As SIGSTOP and SIGCONT, which halt it and have it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  async close(): Promise<void> {
    await this.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async admin(): Promise<JetStreamManager> {
    this.#admin ??= await connect({ servers: `127.0.0.1:${this.#port}`, reconnect: false, ...this.#login })
    return jetstreamManager(this.#admin)
  }

  /** All messages of a stream, in order, with their subjects and headers. */
  async messages(stream: string): Promise<StoredMsg[]> {
    const manager = await this.admin()
    const { state } = await manager.streams.info(stream)
    const found: StoredMsg[] = []
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(stream, { seq })
      if (message !== null) found.push(message)
    }
    return found
  }

  /** What a stream holds, from JSON. Faster than `messages`. */
  async bodies(stream: string): Promise<unknown[]> {
    const manager = await this.admin()
    const { state } = await manager.streams.info(stream)
    const bodies: unknown[] = []
    if (state.messages === 0) return bodies
    const consumer = await jetstream(this.#admin!).consumers.get(stream)
    // One request ends after a while, whether or not all has come; and the server leaves who is too far behind.
    while (bodies.length < state.messages) {
      const most = Math.min(MOST_AT_ONCE, state.messages - bodies.length)
      for await (const message of await consumer.fetch({ max_messages: most })) {
        bodies.push(message.json())
      }
    }
    return bodies
  }
}
