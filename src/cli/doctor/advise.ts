import { enoughInstances, enoughWatches } from '../../linux/inotifyErrors.js'
import type { MountState, PathState } from './examinePath.js'
import type { SystemState } from './examineSystem.js'

export interface Advice {
  readonly message: string
  /** The setting that mends it, as sysctl(8) takes it. */
  readonly sysctl: string | undefined
  /** The path cannot be watched unless it is followed. */
  readonly required: boolean
}

// Of the free watches: others want some too, and the tree may grow.
const COMFORTABLE_SHARE = 0.5

/** What to change; what is required comes first. */
export function advise(system: SystemState, path: PathState | undefined): Advice[] {
  const advice: Advice[] = []
  const add = (required: boolean, message: string, sysctl?: string): void => {
    advice.push({ message, sysctl, required })
  }
  const { bindings, instances, watches } = system
  if (bindings.every(({ problem }) => problem !== undefined)) {
    add(true, 'No binding can be used: install koffi, or node-inotify where koffi has no build.')
  }
  if (instances.free < 1) {
    add(true, `All ${instances.limit} inotify instances of this user are in use.`, enoughInstances())
  }
  if (path === undefined) return advice
  const { watchesNeeded: needed, unreadable } = path
  if (needed > watches.free) {
    const message = `${needed} watches are needed and ${watches.free} are free: raise the limit, or exclude parts.`
    add(true, message, enoughWatches(needed))
  } else if (needed > watches.free * COMFORTABLE_SHARE) {
    const message = `${needed} watches of ${watches.free} that are free are needed: with more directories they run out.`
    add(false, message, enoughWatches(needed))
  }
  if (unreadable > 0) {
    const which = unreadable === 1 ? '1 directory' : `${unreadable} directories`
    add(false, `${which} cannot be read, and what happens in them is not told: run as a user who may.`)
  }
  for (const message of unseen(path.mounts)) add(false, message)
  return advice
}

/** What to know of filesystems of which inotify does not see all. */
function unseen(mounts: readonly MountState[]): string[] {
  const messages: string[] = []
  if (mounts.some(({ view }) => view.polled)) {
    messages.push(
      'What inotify does not see of a filesystem is found by comparing it with the disk, some seconds late, and not at ' +
        'all when it is undone before. Watch where such changes are made to hear of each at once; set --poll off ' +
        'where there are none.',
    )
  }
  if (mounts.some(({ view, isFile }) => view.view === 'partial' && !view.polled && !isFile)) {
    messages.push('Nothing tells the changes that the kernel makes itself: exclude such filesystems.')
  }
  if (mounts.some(({ view, isFile }) => isFile && !view.polled)) {
    messages.push(
      'Nothing tells the changes of a single file that is mounted over a name: watch it where it comes from.',
    )
  }
  return messages
}
