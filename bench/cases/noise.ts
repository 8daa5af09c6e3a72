import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { inTurn, withRatio } from '../measure/inTurn.js'
import { runProgram } from '../measure/runProgram.js'
import { underLoad, withDirectory } from '../measure/underLoad.js'
import { fsflowLibrary } from '../watchers/fsflow.js'
import { inotifywait } from '../watchers/peers.js'
import type { BenchCase } from './BenchCase.js'

/** The names of the rows that targets are about. */
export const noiseRows = {
  unfiltered: 'fsflow library, unfiltered',
  pushdown: 'fsflow library, exclude (pushed down)',
} as const

const all = { raw: true, events: 'all' } as const

export const noise: BenchCase = {
  name: 'noise',
  title: 'Noise that is left out',
  async run({ scratch, rounds, events, isQuick }) {
    const first = [
      fsflowLibrary(noiseRows.unfiltered, all),
      fsflowLibrary(noiseRows.pushdown, { ...all, exclude: ['noise'] }),
    ]
    const further = [
      fsflowLibrary('fsflow library, filterGlob behind watch()', all, 'count', 'noise'),
      inotifywait(true),
      inotifywait(true, ['--exclude', '/noise']),
    ]
    const { rows, leftOut } = await inTurn(isQuick ? first : [...first, ...further], rounds, (watcher) =>
      withDirectory(scratch.directory(), async (directory) => {
        const noisy = join(directory, 'noise')
        mkdirSync(noisy)
        const load = () => runProgram([scratch.load, 'files', noisy, String(events / 5)])
        return (await underLoad(watcher, directory, load)).costs
      }),
    )
    return {
      work: `${events} kernel events, all of them below a directory that the user has excluded.`,
      columns: [
        { key: 'cpu', title: 'CPU ms' },
        { key: 'ratio', title: 'x unfiltered', digits: 3 },
        { key: 'events', title: 'told' },
      ],
      rows: withRatio(rows, 'cpu', noiseRows.unfiltered),
      leftOut,
    }
  },
}
