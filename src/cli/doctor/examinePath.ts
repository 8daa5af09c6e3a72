import { EACCES, EPERM } from '../../linux/errno.js'
import { directoryPort } from '../../linux/directoryPort.js'
import { rawFromText, textFromRaw } from '../../linux/rawPath.js'
import { realPath } from '../../linux/realPath.js'
import { resolveRoots } from '../../linux/resolveRoots.js'
import { seenMounts, type SeenMount } from '../../linux/seenMounts.js'
import { countDirectories } from '../../watching/countDirectories.js'
import { ownWatches } from '../../watching/ownWatches.js'
import { SubtreeWeights, type HeavyPart } from '../../watching/SubtreeWeights.js'
import { examineMark, type FanotifyState } from './examineFanotify.js'

export interface MountState extends SeenMount {
  /** Whether fanotify can watch it; `undefined` when it cannot watch anything here. */
  readonly fanotify: FanotifyState | undefined
}

export interface PathState {
  /** Absolute, as it was named. */
  readonly path: string
  readonly isDirectory: boolean
  /** Directories that would be watched. */
  readonly directories: number
  /** Watches that a run takes: one for each directory, one for each above it, and a few of its own. */
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

/**
 * What watching a path would take; `fanotify` is what the system allows. Throws FSFLOW_PATH_NOT_FOUND and
 * FSFLOW_PERMISSION.
 */
export function examinePath(path: string, fanotify: FanotifyState): PathState {
  const { directory, only } = resolveRoots([path], true)[0]!
  const named = rawFromText(directory)
  const root = realPath(named)
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
  const names = only === undefined ? undefined : new Set([...only].map(rawFromText))
  return {
    path: only === undefined ? directory : `${directory === '/' ? '' : directory}/${[...only][0]!}`,
    isDirectory: only === undefined,
    directories,
    watchesNeeded: directories + ownWatches([named]),
    unreadable,
    crawlMs,
    mounts: seenMounts(named, only === undefined, names).map((seen, index) => {
      // The first one holds the path.
      const place = index === 0 ? root : seen.mount.mountPoint
      return { ...seen, fanotify: examineMark(fanotify, place, seen.mount.type) }
    }),
    heaviest: weights.heaviest(HEAVIEST, textFromRaw),
  }
}
