import { cBuild } from '../jobs/cBuild.js'
import { checkout } from '../jobs/checkout.js'
import type { Job, PreparedJob } from '../jobs/Job.js'
import { npmCi } from '../jobs/npmCi.js'
import { unpack } from '../jobs/unpack.js'
import { inTurn } from '../measure/inTurn.js'
import { underLoad, withDirectory } from '../measure/underLoad.js'
import type { Row, Values } from '../report/results.js'
import { fsflowCommand, fsflowLibrary } from '../watchers/fsflow.js'
import { chokidar, fatrace, fsWatch, inotifywait, nodeInotify, parcel } from '../watchers/peers.js'
import type { Watcher } from '../watchers/Watcher.js'
import type { BenchCase, BenchContext } from './BenchCase.js'

const NOBODY = 'nobody watches'

const watchers = (): Watcher[] => [
  fsflowLibrary('fsflow library, changes', {}),
  fsflowLibrary(),
  fsflowCommand('-o ndjson'),
  inotifywait(false),
  nodeInotify(),
  parcel(),
  chokidar(),
  fsWatch(),
  fatrace(),
]

async function measureJob(
  { scratch, rounds }: BenchContext,
  job: PreparedJob,
): Promise<{ rows: Row[]; leftOut: string[] }> {
  const subjects = [
    { name: NOBODY, watcher: undefined },
    ...watchers().map((watcher) => ({ ...watcher, watcher })),
  ]
  const { rows, leftOut } = await inTurn(subjects, rounds, ({ watcher }) =>
    withDirectory(scratch.directory(), async (directory): Promise<Values> => {
      await job.place(directory)
      if (watcher === undefined) return { cpu: NaN, load: await job.run(directory), events: NaN, peak: NaN }
      return (await underLoad(watcher, directory, () => job.run(directory))).costs
    }),
  )
  const alone = rows.find(({ name }) => name === NOBODY)?.values.load ?? NaN
  return {
    rows: rows.map(({ name, values }) => ({ name, values: { ...values, slower: values.load! / alone } })),
    leftOut,
  }
}

export const realWork: BenchCase = {
  name: 'work',
  title: 'Real work',
  async run(context) {
    const rows: Row[] = []
    const leftOut: string[] = []
    const jobs: Job[] = [unpack(50_000), checkout(20_000), cBuild(200), npmCi()]
    for (const job of jobs) {
      if (job.missing !== undefined) {
        leftOut.push(`${job.name}: ${job.missing}`)
        continue
      }
      const found = await measureJob(context, await job.prepare(context.scratch))
      rows.push(...found.rows.map((row) => ({ ...row, name: `${job.name}: ${row.name}` })))
      leftOut.push(...found.leftOut.map((line) => `${job.name}: ${line}`))
    }
    const done = jobs.filter(({ missing }) => missing === undefined).map(({ work }) => work)
    return {
      work: `What watching adds to ${done.join('; ')}.`,
      columns: [
        { key: 'cpu', title: 'CPU ms' },
        { key: 'load', title: 'job ms' },
        { key: 'slower', title: 'x alone', digits: 2 },
        { key: 'events', title: 'told' },
        { key: 'peak', title: 'peak MiB' },
      ],
      rows,
      leftOut,
    }
  },
}
