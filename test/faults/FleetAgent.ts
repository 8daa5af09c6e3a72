import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { KeptProcess } from './KeptProcess.js'

export interface FleetPlace {
  readonly directory: string
  readonly servers: string
  readonly stream: string
}

/** What an agent says of itself. */
interface AgentNumbers {
  readonly created: number
  readonly received: number
  readonly resumed: number
  readonly written: number
  readonly lost: number
  readonly queued: number
  readonly spooled: number
}

/** Files that are made before the agent is asked for them. */
const WINDOW = 1000
const POLL = 20

export const moduleAt = (path: string): string => new URL(`../../src/${path}/index.js`, import.meta.url).href

/** A host: a directory that the real command watches and tells the server of, and the work that is done in it. */
export class FleetAgent {
  readonly #tree: string
  readonly #base: string
  readonly #port: number
  readonly process: KeptProcess
  /** Files of which the agent has said that their events are at the server or on its disk. */
  acknowledged = 0
  /** The most events that a run has found in its spool when it began. */
  resumed = 0
  isSound = true

  constructor(index: number, port: number, { directory, servers, stream }: FleetPlace) {
    this.#tree = join(directory, 'fault', String(index))
    this.#base = join(directory, `base${index}`)
    this.#port = port
    mkdirSync(this.#tree, { recursive: true })
    writeFileSync(this.#base, '')
    const file = join(directory, `agent${index}.mjs`)
    const spool = join(directory, `spool${index}`, 'spool.db')
    writeFileSync(
      file,
      `import { definePipeline, deliver, metrics } from '${moduleAt('pipeline')}'
       import { filterKinds, resolvePath } from '${moduleAt('operators')}'
       import { nats } from '${moduleAt('sinks')}'
       import { inotify } from '${moduleAt('sources')}'
       export default definePipeline({
         source: inotify({ paths: [${JSON.stringify(this.#tree)}] }),
         operators: [resolvePath(), filterKinds('CREATE')],
         sinks: [
           deliver(
             nats({
               servers: '${servers}',
               stream: '${stream}',
               host: 'host${index}',
               create: false,
               whenUnreachable: 'wait',
               timeout: 2000,
             }),
             { spool: { path: ${JSON.stringify(spool)} }, retry: { first: 20, longest: 200, openAfter: 2 } },
           ),
         ],
         metrics: metrics({ port: ${port} }),
       })`,
    )
    this.process = new KeptProcess(file)
  }

  /** Makes so many files. What a run that was killed had not acknowledged is made again for the next one. */
  async work(count: number, isOver: () => boolean): Promise<void> {
    while (this.acknowledged < count && !isOver()) {
      const run = this.process.starts
      // Nobody sees what changes while the agent is down.
      if (!(await this.#holds(run, isOver, ({ received }) => received > 0))) continue
      for (let made = 0; this.acknowledged < count && !isOver();) {
        const end = Math.min(count, this.acknowledged + WINDOW)
        for (let number = this.acknowledged; number < end; number++) this.#make(number)
        made += end - this.acknowledged
        const isSafe = await this.#holds(
          run,
          isOver,
          ({ created, received, queued, lost }) =>
            created === made && received > made && queued === 0 && lost === 0,
        )
        if (!isSafe) break
        this.acknowledged = end
      }
    }
  }

  /** `undefined` while it is down. */
  async numbers(): Promise<AgentNumbers | undefined> {
    const text = await fetch(`http://127.0.0.1:${this.#port}/metrics`)
      .then((response) => response.text())
      .catch(() => undefined)
    if (text === undefined) return undefined
    const sum = (start: string): number =>
      text
        .split('\n')
        .filter((line) => line.startsWith(start))
        .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
    const numbers = {
      created: sum('fsflow_source_events_total{type="CREATE"}'),
      received: sum('fsflow_sink_received_events_total{'),
      resumed: sum('fsflow_sink_resumed_events_total{'),
      written: sum('fsflow_sink_written_events_total{'),
      lost: sum('fsflow_sink_lost_events_total{'),
      queued: sum('fsflow_sink_queued_events{'),
      spooled: sum('fsflow_sink_spooled_events{'),
    }
    const { received, resumed, written, lost, queued, spooled } = numbers
    this.isSound &&= received + resumed === written + lost + queued + spooled
    this.resumed = Math.max(this.resumed, resumed)
    return numbers
  }

  /** True once it is so; false when the run has ended before. */
  async #holds(
    run: number,
    isOver: () => boolean,
    condition: (numbers: AgentNumbers) => boolean,
  ): Promise<boolean> {
    while (this.process.starts === run && !isOver()) {
      const numbers = await this.numbers()
      if (numbers !== undefined && condition(numbers)) return true
      await wait(POLL)
    }
    return false
  }

  // A link, so that there is one event for each.
  #make(number: number): void {
    const path = join(this.#tree, String(number))
    if (existsSync(path)) rmSync(path)
    linkSync(this.#base, path)
  }
}
