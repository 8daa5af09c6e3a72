import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '../../src/cli/load/randomWork.js'
import type { WireEvent } from '../../src/events/index.js'
import { freePort } from '../helpers/freePort.js'
import { natsProgram } from '../helpers/natsProgram.js'
import { NatsServer } from '../helpers/natsServer.js'
import { program } from '../helpers/requirements.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { inLines } from './Destination.js'
import type { FaultCase, FaultResult, Scale } from './FaultCase.js'
import { FleetAgent, moduleAt, type FleetPlace } from './FleetAgent.js'
import { judge } from './judge.js'
import { KeptProcess } from './KeptProcess.js'

const STREAM = 'FLEET'
const AGENTS = 2
const CONSUMERS = 3
const SERVER = AGENTS + CONSUMERS
const BOUND = 1_200_000
/** What the server is away for is that much less than in other cases, since it is so again and again. */
const SHORTER = 10

const filesOf = (events: number): number => Math.ceil(events / 2 / AGENTS)

/**
 * Two hosts, a server and three processes that share its stream: all real, and all killed.
 *
 * A file counts once its agent has said that the event is at the server or in its spool; what a killed agent had not
 * said is done again, so that in the end each file was acknowledged.
 */
export const fleetCase: FaultCase = {
  name: 'fleet',
  fault: ({ kills, events }) =>
    `${AGENTS} agents, a nats-server and ${CONSUMERS} consumers, of which one after the other is killed and started again, ${kills} times in all, while ${filesOf(events) * AGENTS} files are made`,
  requires: [natsProgram, program('setpriv')],
  quick: { kills: 12, events: 200_000, outage: 15_000 },
  run: (scale) => withDirectory((directory) => runFleet(directory, scale)),
}

async function runFleet(directory: string, { kills, events, outage }: Scale): Promise<FaultResult> {
  const server = await NatsServer.start()
  const place: FleetPlace = { directory, servers: server.url, stream: STREAM }
  await (await server.admin()).streams.add({ name: STREAM, subjects: ['fsflow.>'] })
  const agents: FleetAgent[] = []
  for (let index = 0; index < AGENTS; index++) agents.push(new FleetAgent(index, await freePort(), place))
  const outputs = Array.from({ length: CONSUMERS }, (_, index) => join(directory, `consumer${index}.ndjson`))
  const consumers = outputs.map((output, index) => consumer(index, output, place))
  const all = [...agents.map(({ process }) => process), ...consumers]
  const files = filesOf(events)
  const ends = Date.now() + BOUND
  const isOver = (): boolean => Date.now() > ends
  try {
    const work = Promise.all(agents.map((agent) => agent.work(files, isOver)))
    const killing = killAll({ kills, outage: outage / SHORTER, files, agents, consumers, server, isOver })
    await Promise.all([work, killing])
    await drained(agents, server, isOver)
    if (isOver()) throw new Error(`it takes too long: ${all.map(({ last }) => last).join('\n')}`)
    await Promise.all(all.map((one) => one.stop()))
    if (agents.every(({ resumed }) => resumed === 0)) throw new Error('no spool was resumed')
    const claims = agents.map(() => ({ sent: files, acknowledged: files, lost: 0 }))
    const within = (path: string): string => path.slice(directory.length)
    const stored = ((await server.bodies(STREAM)) as WireEvent[]).map(({ file_path: path }) => path)
    const { inOrder } = judge(
      claims,
      { paths: stored.filter((path) => path !== '').map(within), corrupt: 0 },
      true,
    )
    const { paths, corrupt } = inLines(outputs)
    const isSound = agents.every((agent) => agent.isSound)
    return { ...judge(claims, { paths: paths.map(within), corrupt }, isSound), inOrder }
  } finally {
    await Promise.all(all.map((one) => one.abandon()))
    await server.close()
  }
}

function consumer(index: number, output: string, { directory, servers, stream }: FleetPlace): KeptProcess {
  const file = join(directory, `consumer${index}.mjs`)
  writeFileSync(
    file,
    `import { definePipeline } from '${moduleAt('pipeline')}'
     import { ndjson } from '${moduleAt('sinks')}'
     import { natsSource } from '${moduleAt('sources')}'
     export default definePipeline({
       source: natsSource({ servers: '${servers}', stream: '${stream}', consumer: 'work', ackWait: 2000 }),
       sinks: [ndjson({ path: ${JSON.stringify(output)} })],
     })`,
  )
  return new KeptProcess(file)
}

interface Killing {
  readonly kills: number
  readonly outage: number
  readonly files: number
  readonly agents: readonly FleetAgent[]
  readonly consumers: readonly KeptProcess[]
  readonly server: NatsServer
  readonly isOver: () => boolean
}

/** Kills one after the other, in an order of chance, spread over the work. */
async function killAll({ kills, outage, files, agents, consumers, server, isOver }: Killing): Promise<void> {
  const random = seededRandom(kills)
  const done = (): number => agents.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  let order: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    while (done() < ((kill + 1) / (kills + 1)) * files * AGENTS && !isOver()) await wait(5)
    await wait(random() * 100)
    if (order.length === 0) order = shuffled(SERVER + 1, random)
    const victim = order.pop()!
    if (victim < AGENTS) agents[victim]!.process.kill()
    else if (victim < SERVER) consumers[victim - AGENTS]!.kill()
    else await serverAway(server, leastDone(agents), outage, isOver)
  }
}

/** While the server is away, the agent is killed once its spool holds something. */
async function serverAway(
  server: NatsServer,
  agent: FleetAgent,
  outage: number,
  isOver: () => boolean,
): Promise<void> {
  const began = Date.now()
  await server.stop()
  while (((await agent.numbers())?.spooled ?? 0) === 0 && !isOver() && Date.now() - began < outage * 4) {
    await wait(5)
  }
  agent.process.kill()
  await wait(Math.max(0, began + outage - Date.now()))
  await server.startAgain()
}

/** The one that has most to do still. */
const leastDone = (agents: readonly FleetAgent[]): FleetAgent =>
  agents.reduce((least, agent) => (agent.acknowledged < least.acknowledged ? agent : least))

function shuffled(count: number, random: () => number): number[] {
  return Array.from({ length: count }, (_, index) => ({ index, key: random() }))
    .sort((one, other) => one.key - other.key)
    .map(({ index }) => index)
}

/** Resolves when nothing waits anywhere. */
async function drained(
  agents: readonly FleetAgent[],
  server: NatsServer,
  isOver: () => boolean,
): Promise<void> {
  for (const agent of agents) {
    for (let waiting = 1; waiting > 0 && !isOver();) {
      const numbers = await agent.numbers()
      if (numbers !== undefined) waiting = numbers.queued + numbers.spooled
      await wait(20)
    }
  }
  const admin = await server.admin()
  for (let waiting = 1; waiting > 0 && !isOver();) {
    const { num_ack_pending: unacknowledged, num_pending: unfetched } = await admin.consumers.info(
      STREAM,
      'work',
    )
    waiting = unacknowledged + unfetched
    await wait(50)
  }
}
