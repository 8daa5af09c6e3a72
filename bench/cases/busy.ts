import { inTurn } from '../measure/inTurn.js'
import { runProgram } from '../measure/runProgram.js'
import { underLoad, withDirectory } from '../measure/underLoad.js'
import { fsflowLibrary } from '../watchers/fsflow.js'
import { nodeInotify, parcel } from '../watchers/peers.js'
import type { BenchCase } from './BenchCase.js'

export const busy: BenchCase = {
  name: 'busy',
  title: 'Busy consumer',
  async run({ scratch, rounds, events, isQuick }) {
    const library = fsflowLibrary(undefined, { raw: true, events: 'all' }, 'block')
    const watchers = isQuick ? [library] : [library, nodeInotify('block'), parcel('block')]
    const { rows, leftOut } = await inTurn(watchers, isQuick ? 1 : rounds, (watcher) =>
      withDirectory(scratch.directory(), async (directory) => {
        const load = () => runProgram([scratch.load, 'files', directory, String(events / 5)])
        const { costs } = await underLoad(watcher, directory, load)
        return { ...costs, lost: Math.max(0, events - costs.events) }
      }),
    )
    return {
      work:
        `${events} kernel events, while the main thread of the subscriber computes for five seconds ` +
        'from the first event on. @parcel/watcher folds events, so that what it does not tell is not all lost.',
      columns: [
        { key: 'events', title: 'told' },
        { key: 'lost', title: 'not told' },
        { key: 'overflows', title: 'overflows' },
        { key: 'peak', title: 'peak MiB' },
        { key: 'load', title: 'load ms' },
        { key: 'wall', title: 'wall ms' },
      ],
      rows,
      leftOut,
    }
  },
}
