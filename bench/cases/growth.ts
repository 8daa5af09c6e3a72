import { inTurn } from '../measure/inTurn.js'
import { runProgram } from '../measure/runProgram.js'
import { underLoad, withDirectory } from '../measure/underLoad.js'
import { withWatches } from '../measure/withWatches.js'
import type { Row } from '../report/results.js'
import { fsflowLibrary } from '../watchers/fsflow.js'
import { inotifywait } from '../watchers/peers.js'
import { startRow } from './start.js'
import type { BenchCase } from './BenchCase.js'

export const growth: BenchCase = {
  name: 'growth',
  title: 'Cost of an event in trees of many directories',
  async run({ scratch, rounds, events, trees, isQuick }) {
    const rows: Row[] = []
    const leftOut: string[] = []
    const watchers = isQuick ? [fsflowLibrary()] : [fsflowLibrary(), inotifywait(true)]
    for (const directories of trees) {
      try {
        const turns = await withWatches(directories + 20_000, () =>
          withDirectory(scratch.tree(directories), (directory) =>
            inTurn(watchers, isQuick ? 1 : rounds, async (watcher) => {
              const words = ['files', directory, String(events / 5), String(directories)]
              const load = () => runProgram([scratch.load, ...words])
              const { costs } = await underLoad(watcher, directory, load)
              return { ...costs, perEvent: (costs.cpu * 1000) / events }
            }),
          ),
        )
        rows.push(...turns.rows.map((row) => ({ ...row, name: startRow(row.name, directories) })))
        leftOut.push(...turns.leftOut.map((line) => `${directories} directories: ${line}`))
      } catch (error) {
        leftOut.push(`${directories} directories: ${(error as Error).message}`)
      }
    }
    return {
      work: `${events} kernel events, spread over all directories of a tree of so many.`,
      columns: [
        { key: 'cpu', title: 'CPU ms' },
        { key: 'perEvent', title: 'us/event', digits: 2 },
        { key: 'peak', title: 'peak MiB' },
        { key: 'events', title: 'told' },
      ],
      rows,
      leftOut,
    }
  },
}
