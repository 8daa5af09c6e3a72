import { join } from 'node:path'
import { seededRandom } from '../../src/cli/load/randomWork.js'
import { definePipeline, deliver, run } from '../../src/pipeline/index.js'
import { memorySource } from '../../src/testing/memorySource.js'
import { runChild } from '../helpers/runChild.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { openDestination, sinkAt, type DestinationName } from './Destination.js'
import type { FaultCase } from './FaultCase.js'
import { addsUp, judge, type Claim } from './judge.js'

/** What the process that is killed is told to do. */
export interface KilledTask {
  readonly run: number
  readonly events: number
  readonly perSecond: number
  /** Where the spool is. */
  readonly directory: string
  readonly destination: DestinationName
  readonly place: string
}

export const spoolIn = (directory: string): string => join(directory, 'spool', 'spool.db')

const LONGEST = 700
const PER_SECOND = 10_000

/** Has a run be killed again and again, each time after a random while under load, then lets one run end. */
export function killCase(
  destination: DestinationName,
  { requires = [] }: Partial<FaultCase> = {},
): FaultCase {
  return {
    name: `kill -9, ${destination}`,
    fault: ({ kills }) =>
      `the process is killed ${kills} times at random moments under load, then started again`,
    requires,
    run: ({ kills }) =>
      withDirectory(async (directory) => {
        const { place, arrived, close } = await openDestination(destination, directory)
        const random = seededRandom(kills)
        const claims: Claim[] = []
        let isSound = true
        for (let index = 0; index < kills; index++) {
          const task: KilledTask = {
            run: index,
            events: 1e6,
            perSecond: PER_SECOND,
            directory,
            destination,
            place,
          }
          let text = ''
          let isTimed = false
          const { signal, stderr } = await runChild('killed', [JSON.stringify(task)], {
            onOutput: (part, kill) => {
              // A piece can end in the middle of a line: what counts is the last line that is whole.
              text = (text + part).split('\n').slice(-2).join('\n')
              if (isTimed) return
              isTimed = true
              setTimeout(() => kill('SIGKILL'), random() * LONGEST)
            },
          })
          if (signal !== 'SIGKILL') throw new Error(`it ended by itself: ${stderr}`)
          const [sent, acknowledged, lost, sound] = text.split('\n')[0]!.split(' ').map(Number) as [
            number,
            number,
            number,
            number,
          ]
          claims.push({ sent, acknowledged, lost })
          isSound &&= sound === 1
        }
        const summary = await run(
          definePipeline({
            source: memorySource([], { complete: true }),
            sinks: [deliver(sinkAt(destination, place), { spool: { path: spoolIn(directory) } })],
          }),
        ).done
        const result = judge(claims, await arrived(), isSound && addsUp(summary) && summary.spooled === 0)
        await close()
        return result
      }),
  }
}
