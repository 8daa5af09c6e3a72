import { nats } from '../../src/sinks/index.js'
import type { WireEvent } from '../../src/events/index.js'
import { natsProgram } from '../helpers/natsProgram.js'
import { NatsServer } from '../helpers/natsServer.js'
import { withDirectory } from '../helpers/withDirectory.js'
import type { FaultCase } from './FaultCase.js'
import { killCase } from './kill.js'
import { spoolOf, throughOutage, type Outage } from './outages.js'

const STREAM = 'FAULTS'

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
            arrived: async () => ({
              paths: ((await server.bodies(STREAM)) as WireEvent[])
                .map(({ file_path: path }) => path)
                .filter((path) => path !== ''),
              corrupt: 0,
            }),
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
]
