import { sleep } from '../measure/processCosts.js'
import { startWatcher } from '../measure/runningWatcher.js'
import { withDirectory } from '../measure/underLoad.js'
import { fsflowCommand, fsflowLibrary } from '../watchers/fsflow.js'
import { chokidar, fatrace, fsWatch, inotifywait, nodeInotify, parcel } from '../watchers/peers.js'
import type { BenchCase } from './BenchCase.js'

const DIRECTORIES = 1000
const SETTLED_MS = 30_000
const watchers = () => [
  fsflowLibrary(),
  fsflowCommand('-o ndjson'),
  inotifywait(false),
  nodeInotify(),
  parcel(),
  chokidar(),
  fsWatch(),
  fatrace(),
]

export const idle: BenchCase = {
  name: 'idle',
  title: 'At rest',
  async run({ scratch, idleSeconds }) {
    const leftOut: string[] = []
    // All at once, since they do nothing; each in a directory of its own, since the output lies beside it.
    const rows = await Promise.all(
      watchers().map(async (watcher) => {
        if (watcher.missing !== undefined) {
          leftOut.push(`${watcher.name}: ${watcher.missing}`)
          return []
        }
        return withDirectory(scratch.tree(DIRECTORIES), async (directory) => {
          const running = await startWatcher(watcher, directory)
          // What a start leaves behind is over then: compiling in the background, and the collection of its garbage,
          // for which V8 waits some ten seconds.
          await sleep(SETTLED_MS)
          const before = running.cpuMs()
          await sleep(idleSeconds * 1000)
          const cpu = running.cpuMs() - before
          await running.stop()
          return [{ name: watcher.name, values: { cpu, seconds: idleSeconds } }]
        })
      }),
    )
    return {
      work: `${DIRECTORIES} directories in which nothing happens. The kernel counts by 10 ms.`,
      columns: [
        { key: 'cpu', title: 'CPU ms' },
        { key: 'seconds', title: 'in seconds' },
      ],
      rows: rows.flat(),
      leftOut,
    }
  },
}
