import { inTurn, withRatio } from '../measure/inTurn.js'
import { runProgram } from '../measure/runProgram.js'
import { underLoad, withDirectory } from '../measure/underLoad.js'
import { fsflowCommand, fsflowLibrary } from '../watchers/fsflow.js'
import { chokidar, fatrace, fsWatch, inotifywait, nodeInotify, parcel } from '../watchers/peers.js'
import type { Watcher } from '../watchers/Watcher.js'
import type { BenchCase, BenchContext } from './BenchCase.js'

/** The names of the rows that targets are about. */
export const throughputRows = {
  library: 'fsflow library',
  raw: fsflowCommand('--raw --events all -o ndjson').name,
  defaults: fsflowCommand('-o ndjson').name,
  toNothing: inotifywait(true).name,
  toFile: inotifywait(false).name,
  byHand: nodeInotify().name,
} as const

const canonical = { exclude: ['node_modules'], debounce: 100 }
const isRoot = process.geteuid?.() === 0
const byFanotify = (watcher: Watcher): Watcher =>
  isRoot ? watcher : { ...watcher, missing: 'fanotify needs root' }

function watchers({ isQuick }: BenchContext): Watcher[] {
  const first = [
    fsflowLibrary(),
    fsflowCommand('--raw --events all -o ndjson'),
    fsflowCommand('-o ndjson'),
    inotifywait(true),
    inotifywait(false),
    nodeInotify(),
  ]
  if (isQuick) return first
  return [
    ...first,
    fsflowLibrary('fsflow library, canonical pipeline', canonical),
    fsflowCommand('--raw --events all -o csv'),
    fsflowCommand('-o csv'),
    parcel(),
    chokidar(),
    fsWatch(),
    byFanotify(fsflowLibrary('fsflow library, fanotify', { source: 'fanotify', raw: true, events: 'all' })),
    byFanotify(fsflowCommand('--source fanotify --raw --events all -o ndjson')),
    fatrace(),
  ]
}

export const throughput: BenchCase = {
  name: 'throughput',
  title: 'Throughput',
  async run(context) {
    const { scratch, rounds, events } = context
    const { rows, leftOut } = await inTurn(watchers(context), rounds, (watcher) =>
      withDirectory(scratch.directory(), async (directory) => {
        const load = () => runProgram([scratch.load, 'files', directory, String(events / 5)])
        const { costs } = await underLoad(watcher, directory, load)
        return { ...costs, perEvent: (costs.cpu * 1000) / events }
      }),
    )
    return {
      work:
        `${events} kernel events: small files are created, written, closed and deleted in one directory. ` +
        'The canonical pipeline resolves, follows new directories, joins renames, filters and debounces. ' +
        'Tools that tell fewer events fold several into one, do not tell all kinds, or lose some.',
      columns: [
        { key: 'cpu', title: 'CPU ms' },
        { key: 'perEvent', title: 'us/event', digits: 2 },
        { key: 'ratio', title: 'x inotifywait > /dev/null', digits: 2 },
        { key: 'cpuInAll', title: 'with start' },
        { key: 'wall', title: 'wall ms' },
        { key: 'load', title: 'load ms' },
        { key: 'peak', title: 'peak MiB' },
        { key: 'events', title: 'told' },
      ],
      rows: withRatio(rows, 'cpu', throughputRows.toNothing),
      leftOut,
    }
  },
}
