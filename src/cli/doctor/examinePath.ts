import { EACCES, EPERM } from '../../linux/errno.js'
import { directoryPort } from '../../linux/directoryPort.js'
import { inotifyView, type InotifyView } from '../../linux/filesystemTypes.js'
import { mountOf, mountsBelow, readMounts, type Mount } from '../../linux/mounts.js'
import { rawFromText, textFromRaw } from '../../linux/rawPath.js'
import { realPath } from '../../linux/realPath.js'
import { resolveRoots } from '../../linux/resolveRoots.js'
import { countDirectories } from '../../watching/countDirectories.js'
import { ownWatches } from '../../watching/ownWatches.js'
import { SubtreeWeights, type HeavyPart } from '../../watching/SubtreeWeights.js'

export interface MountState {
  readonly mount: Mount
  readonly view: InotifyView
}

export interface PathState {
  /** Absolute, as it was named. */
  readonly path: string
  readonly isDirectory: boolean
  /** Directories that would be watched. */
  readonly directories: number
  /** Watches that a run takes: one for each directory, and a few of its own. */
  readonly watchesNeeded: number
  /** Directories that may not be listed. */
  readonly unreadable: number
  /** What listing all of it took. */
  readonly crawlMs: number
  /** The mount in which the path lies, then those below it. */
  readonly mounts: readonly MountState[]
  /** The parts that cost most watches. */
  readonly heaviest: readonly HeavyPart[]
}

const HEAVIEST = 5

/** What watching a path would take. Throws FSFLOW_PATH_NOT_FOUND and FSFLOW_PERMISSION. */
export function examinePath(path: string): PathState {
  const { directory, only } = resolveRoots([path], true)[0]!
  const root = realPath(rawFromText(directory))
  const { list } = directoryPort()
  const weights = new SubtreeWeights()
  let unreadable = 0
  const startedAt = performance.now()
  // A file is watched through its directory, whose other entries do not matter.
  const prune = (): boolean => only !== undefined
  const directories = countDirectories(
    {
      list(visited) {
        weights.add(visited.slice(root.length).replace(/^\/+/, ''))
        const entries = list(visited)
        if (entries === -EACCES || entries === -EPERM) unreadable++
        return entries
      },
    },
    root,
    prune,
  )
  const crawlMs = performance.now() - startedAt
  const mounts = readMounts()
  const holding = mountOf(root, mounts)
  const below = only === undefined ? mountsBelow(root, mounts) : []
  return {
    path: only === undefined ? directory : `${directory === '/' ? '' : directory}/${[...only][0]!}`,
    isDirectory: only === undefined,
    directories,
    watchesNeeded: directories + ownWatches([root]),
    unreadable,
    crawlMs,
    mounts: [...(holding === undefined ? [] : [holding]), ...below].map((mount) => ({
      mount,
      view: inotifyView(mount.type),
    })),
    heaviest: weights.heaviest(HEAVIEST, textFromRaw),
  }
}
