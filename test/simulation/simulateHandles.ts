import { IN } from '../../src/linux/inotifyMasks.js'
import { HandleWatcher } from '../../src/watching/handles/HandleWatcher.js'
import { join } from '../../src/watching/handles/HandleTable.js'
import { OpenFilesystem, SimulatedFanotify } from './SimulatedFanotify.js'
import { Consumer, listing, OUTSIDE, perform, ROOT, type Operation, type Step } from './simulateWatcher.js'

export interface HandleSimulationOptions {
  readonly tree?: readonly string[]
  readonly byDirectory?: boolean
  readonly merges?: boolean
  /**
   * The order of the events is judged too. That of records that were merged is not known, and what an exchange replaces
   * may be told as gone although nobody knew of it.
   */
  readonly judges?: boolean
  /** After so many records for nothing a directory is silenced. */
  readonly noisy?: number
}

const MANY_CALLS = 20_000

/**
 * Runs the watching code of fanotify on a simulated kernel, step by step as told, then lets it come to rest. Returns
 * what was wrong, in words; nothing when all was right.
 */
export function simulateHandles(
  steps: readonly Step[],
  { tree = [], byDirectory = false, merges = false, judges = false, noisy = 3 }: HandleSimulationOptions,
): string[] {
  const fs = new OpenFilesystem()
  fs.mkdir(ROOT)
  fs.mkdir(OUTSIDE)
  for (const path of tree) {
    if (path.endsWith('/')) fs.mkdirp(path.slice(0, -1))
    else fs.mknod(path)
  }
  const waiting: Operation[] = []
  let calls = 0
  const kernel = new SimulatedFanotify(fs, {
    byDirectory,
    merges,
    beforeCall: () => {
      if (++calls > MANY_CALLS) throw new Error('does not come to rest')
      const operation = waiting.shift()
      if (operation !== undefined) perform(fs, operation)
    },
  })
  let consumer: Consumer | undefined
  const outcome = { stopped: false }
  const watcher = new HandleWatcher(
    {
      event({ bit, view, name, isDirectory, cookie, synthetic }) {
        const path = name === '' ? view.path : join(view.path, name)
        consumer!.log.push(
          `${bit.toString(16)}${isDirectory ? '/' : ''} ${path}${synthetic ? ' (synthetic)' : ''}`,
        )
        if ((bit & (IN.DELETE_SELF | IN.MOVE_SELF)) !== 0) consumer!.lost(path)
        if (name === '') return
        consumer!.judging = judges
        consumer!.apply(bit | (isDirectory ? IN.ISDIR : 0), path, cookie, synthetic)
      },
      ready() {
        consumer = new Consumer(listing(fs), () => '', false)
      },
      overflow: () => consumer!.faults.push('overflow'),
      stopped: () => (outcome.stopped = true),
    },
    { disk: kernel, marks: kernel, finder: kernel, fence: () => kernel.fence(), prune: () => false, noisy },
  )
  const push = (most: number) => {
    const records = kernel.read(most)
    if (records.length > 0) watcher.push(records, 1)
  }
  const comeToRest = () => {
    while (kernel.queued > 0) push(Infinity)
  }
  watcher.start([{ path: ROOT, only: undefined, recursive: true, mayBeMissing: false }], 0)
  comeToRest()
  for (const step of steps) {
    if ('do' in step) perform(fs, step.do)
    else if ('inside' in step) waiting.push(step.inside)
    else if ('read' in step) push(step.read)
  }
  waiting.length = 0
  comeToRest()
  watcher.lookForRoots(1)
  comeToRest()
  watcher.stop()
  comeToRest()

  if (consumer === undefined) return ['never ready']
  const faults = [...consumer.faults]
  if (!outcome.stopped) faults.push('did not come to rest')
  const disk = fs.exists(ROOT) ? listing(fs) : new Map<string, boolean>()
  for (const [path, isDirectory] of disk) {
    if (consumer.state.get(path) !== isDirectory) faults.push(`missing: ${path}`)
  }
  for (const path of consumer.state.keys()) if (!disk.has(path)) faults.push(`too much: ${path}`)
  if (byDirectory) {
    const paths = new Set(
      kernel.marked.map((inode) => [...inode.dentries].find(({ hashed }) => hashed)?.path()),
    )
    for (const [path, isDirectory] of disk)
      if (isDirectory && !paths.has(path)) faults.push(`not marked: ${path}`)
    for (const path of paths) {
      if (path !== ROOT && !disk.has(path ?? '')) faults.push(`marked for nothing: ${path}`)
    }
  }
  if (faults.length > 0) faults.push(`events:\n  ${consumer.log.join('\n  ')}`)
  return faults
}
