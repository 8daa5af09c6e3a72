import { inTurn } from '../measure/inTurn.js'
import { startWatcher } from '../measure/runningWatcher.js'
import { withDirectory } from '../measure/underLoad.js'
import { withWatches } from '../measure/withWatches.js'
import type { Row } from '../report/results.js'
import { fsflowCommand, fsflowLibrary } from '../watchers/fsflow.js'
import { chokidar, fsWatch, inotifywait, nodeInotify, parcel } from '../watchers/peers.js'
import type { Watcher } from '../watchers/Watcher.js'
import type { BenchCase } from './BenchCase.js'

/** The name of a row: a watcher, and the size of the tree. */
export const startRow = (watcher: string, directories: number): string =>
  `${watcher}, ${directories.toLocaleString('en-GB')}`

export const fanotifyMark = 'fsflow library, fanotify filesystem mark'

// Above this, what walks the tree in JavaScript takes minutes, or more memory than there is.
const SLOW_LIMIT = 10_000

function watchers(isQuick: boolean, directories: number): Watcher[] {
  const fanotify = fsflowLibrary(fanotifyMark, { source: 'fanotify', scope: 'filesystem' })
  const first = [
    fsflowLibrary(),
    process.geteuid?.() === 0 ? fanotify : { ...fanotify, missing: 'fanotify needs root' },
    inotifywait(true),
  ]
  if (isQuick) return first
  const slow = [chokidar(), fsWatch()].map((watcher) =>
    directories <= SLOW_LIMIT ? watcher : { missing: `not above ${SLOW_LIMIT} directories`, ...watcher },
  )
  return [...first, fsflowCommand('-o ndjson'), nodeInotify(), parcel(), ...slow]
}

export const start: BenchCase = {
  name: 'start',
  title: 'Start',
  async run({ scratch, rounds, trees, isQuick }) {
    const rows: Row[] = []
    const leftOut: string[] = []
    const repeats = isQuick ? 1 : rounds
    const measureTree = (directories: number) =>
      withDirectory(scratch.tree(directories), async (directory) => {
        const turns = await inTurn(watchers(isQuick, directories), repeats, async (watcher) => {
          const running = await startWatcher(watcher, directory)
          const values = {
            ready: running.readyMs,
            cpu: running.readyCpuMs,
            peak: running.peakMiB(),
            perDirectory: (running.readyMs * 1000) / directories,
          }
          const { ownReadyMs = NaN, nodeReadyMs = NaN } = await running.stop()
          return { ...values, own: ownReadyMs, node: nodeReadyMs }
        })
        rows.push(...turns.rows.map((row) => ({ ...row, name: startRow(row.name, directories) })))
        leftOut.push(...turns.leftOut.map((line) => `${directories} directories: ${line}`))
      })
    for (const directories of trees) {
      try {
        // fs.watch and what is built on it watch the files as well; some are left for whoever else watches.
        await withWatches(directories + 20_000, () => measureTree(directories))
      } catch (error) {
        leftOut.push(`${directories} directories: ${(error as Error).message}`)
      }
    }
    return {
      work:
        'From the start of the process until it is ready, on trees of empty directories of so many; ' +
        '"own" is without the start of Node.js and the loading of modules, "up" without the former only.',
      columns: [
        { key: 'ready', title: 'ready ms' },
        { key: 'own', title: 'own ms' },
        { key: 'node', title: 'up ms' },
        { key: 'perDirectory', title: 'us/directory', digits: 1 },
        { key: 'cpu', title: 'CPU ms' },
        { key: 'peak', title: 'peak MiB' },
      ],
      rows,
      leftOut,
    }
  },
}
