import { freePort } from './freePort.js'
import { NatsServer } from './natsServer.js'

/** Three servers that keep the same streams. */
export class NatsCluster {
  readonly servers: readonly NatsServer[]

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers
  }

  /** Resolves when streams can be made. */
  static async start(): Promise<NatsCluster> {
    const ports = await Promise.all([freePort(), freePort(), freePort()])
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ')
    const configs = ports.map(
      (port, index) =>
        `server_name: n${index}\ncluster { name: tests, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
    )
    const cluster = new NatsCluster(await Promise.all(configs.map((config) => NatsServer.start(config))))
    // They have to choose one of them first.
    await cluster.#untilDone(async (server) => {
      const admin = await server.admin()
      await admin.streams.add({ name: 'READY', subjects: ['ready'], num_replicas: 3 })
      await admin.streams.delete('READY')
    })
    return cluster
  }

  get urls(): string[] {
    return this.servers.map(({ url }) => url)
  }

  /** The server through which the stream is written. */
  async leaderOf(stream: string): Promise<NatsServer> {
    const { cluster } = await (await this.servers[0]!.admin()).streams.info(stream)
    return this.servers[Number(cluster!.leader!.slice(1))]!
  }

  /** What a stream holds, once all three have all of it. */
  async bodies(stream: string): Promise<unknown[]> {
    return this.#untilDone(async (server) => {
      const { cluster } = await (await server.admin()).streams.info(stream)
      if (cluster!.replicas!.some(({ current }) => !current)) throw new Error('a server is behind')
      return server.bodies(stream)
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()))
  }

  async #untilDone<T>(action: (server: NatsServer) => Promise<T>): Promise<T> {
    const end = Date.now() + 60_000
    for (;;) {
      try {
        return await action(this.servers[0]!)
      } catch (error) {
        if (Date.now() > end) throw error
      }
    }
  }
}
