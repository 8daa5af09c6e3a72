import { nats } from '../../src/sinks/index.js'
import type { WireEvent } from '../../src/events/index.js'
import { NatsCluster } from '../helpers/natsCluster.js'
import { natsProgram } from '../helpers/natsProgram.js'
import { NatsServer } from '../helpers/natsServer.js'
import { withDirectory } from '../helpers/withDirectory.js'
import type { FaultCase } from './FaultCase.js'
import { killCase } from './kill.js'
import { spoolOf, throughOutage, type Outage } from './outages.js'

const STREAM = 'FAULTS'

const pathsIn = (bodies: readonly unknown[]): string[] =>
  (bodies as WireEvent[]).map(({ file_path: path }) => path).filter((path) => path !== '')

/** The server through which all is written is killed; the other two go on. */
const clusterCase: FaultCase = {
  name: 'one server of three, nats',
  fault: ({ outage, events }) =>
    `of three servers that keep the stream the leading one is killed and stays away for ${outage / 1000} s while ${events} events are sent`,
  requires: [natsProgram],
  run: ({ events, outage }) =>
    withDirectory(async (directory) => {
      const cluster = await NatsCluster.start()
      let leader: NatsServer | undefined
      try {
        return await throughOutage({
          sink: nats({
            servers: cluster.urls,
            stream: STREAM,
            host: 'host',
            create: { replicas: 3 },
            timeout: 2000,
          }),
          events,
          duration: outage,
          deliver: spoolOf(directory),
          begin: async () => {
            leader = await cluster.leaderOf(STREAM)
            await leader.stop()
          },
          end: () => leader!.startAgain(),
          arrived: async () => ({ paths: pathsIn(await cluster.bodies(STREAM)), corrupt: 0 }),
        })
      } finally {
        await cluster.close()
      }
    }),
}

function outageCase(
  name: string,
  fault: string,
  away: (server: NatsServer) => Pick<Outage, 'begin' | 'end'>,
): FaultCase {
  return {
    name,
    fault: ({ outage, events }) => `${fault} for ${outage / 1000} s while ${events} events are sent`,
    requires: [natsProgram],
    run: ({ events, outage }) =>
      withDirectory(async (directory) => {
        const server = await NatsServer.start()
        try {
          return await throughOutage({
            sink: nats({ servers: server.url, stream: STREAM, host: 'host' }),
            events,
            duration: outage,
            deliver: spoolOf(directory),
            ...away(server),
            arrived: async () => ({ paths: pathsIn(await server.bodies(STREAM)), corrupt: 0 }),
          })
        } finally {
          await server.close()
        }
      }),
  }
}

export const natsCases: readonly FaultCase[] = [
  killCase('nats', { requires: [natsProgram] }),
  outageCase('broker stopped, nats', 'the server is killed and stays away', (server) => ({
    begin: () => server.stop(),
    end: () => server.startAgain(),
  })),
  outageCase('broker paused, nats', 'the server is halted (SIGSTOP)', (server) => ({
    begin: () => server.signal('SIGSTOP'),
    end: () => server.signal('SIGCONT'),
  })),
  clusterCase,
]
