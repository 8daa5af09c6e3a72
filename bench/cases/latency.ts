import { inTurn } from '../measure/inTurn.js'
import { runProgram } from '../measure/runProgram.js'
import { underLoad, withDirectory } from '../measure/underLoad.js'
import type { Row } from '../report/results.js'
import { fsflowLibrary } from '../watchers/fsflow.js'
import { chokidar, fsWatch, nodeInotify, parcel } from '../watchers/peers.js'
import type { Watcher } from '../watchers/Watcher.js'
import type { BenchCase } from './BenchCase.js'

interface Rate {
  readonly perSecond: number
  readonly count: number
}

/** The name of a row: a watcher, and how many events a second. */
export const latencyRow = (watcher: string, perSecond: number): string => `${watcher}, ${perSecond}/s`

const library = fsflowLibrary(undefined, { raw: true, events: 'all' }, 'latency')

function watchers(isQuick: boolean, { perSecond }: Rate): Watcher[] {
  const first = [library, parcel('latency')]
  if (isQuick) return first
  // At this rate these do not come to an end: each file is looked at, and watched.
  const slow = [chokidar('latency'), fsWatch('latency')]
  return [...first, nodeInotify('latency'), ...(perSecond > 10_000 ? [] : slow)]
}

export const latency: BenchCase = {
  name: 'latency',
  title: 'Latency',
  async run({ scratch, rounds, isQuick }) {
    const rates: Rate[] = [
      { perSecond: 50, count: isQuick ? 250 : 1000 },
      { perSecond: 2500, count: isQuick ? 5000 : 10_000 },
      { perSecond: 50_000, count: 100_000 },
    ]
    const rows: Row[] = []
    const leftOut: string[] = []
    for (const rate of isQuick ? rates.slice(0, 2) : rates) {
      const turns = await inTurn(watchers(isQuick, rate), isQuick ? 1 : rounds, (watcher) =>
        withDirectory(scratch.directory(), async (directory) => {
          const words = ['paced', directory, String(rate.perSecond), String(rate.count)]
          const { report } = await underLoad(watcher, directory, () => runProgram([scratch.load, ...words]))
          const [p50, p99, max] = report.latency ?? [NaN, NaN, NaN]
          return { p50, p99, max, samples: report.samples ?? 0, made: rate.count }
        }),
      )
      rows.push(...turns.rows.map((row) => ({ ...row, name: latencyRow(row.name, rate.perSecond) })))
      leftOut.push(...turns.leftOut.map((line) => `${rate.perSecond}/s: ${line}`))
    }
    return {
      work:
        'From the moment before a file is made until the subscriber has its event, in milliseconds, ' +
        'by one clock (CLOCK_MONOTONIC); at so many files a second.',
      columns: [
        { key: 'p50', title: 'p50 ms', digits: 2 },
        { key: 'p99', title: 'p99 ms', digits: 2 },
        { key: 'max', title: 'max ms', digits: 1 },
        { key: 'samples', title: 'told' },
        { key: 'made', title: 'made' },
      ],
      rows,
      leftOut,
    }
  },
}
