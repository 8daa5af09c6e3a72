import { eventGroups } from '../../events/index.js'
import { fanotifyProblem, filesystemProblem } from '../../linux/fanotify/fanotifySupport.js'
import { fanotifyMask } from '../../sources/FanotifyEvents.js'

/** Whether the fanotify source works; `problem` is `undefined` when it does. */
export interface FanotifyState {
  readonly problem: string | undefined
}

const MASK = fanotifyMask(new Set(eventGroups.changes))

/** Whether it works for this user on this kernel: a group is opened and closed. */
export function examineFanotify(): FanotifyState {
  return { problem: fanotifyProblem(MASK) }
}

/** Whether it works for the filesystem of a raw path: a mark is set and removed. `undefined` when it works nowhere. */
export function examineMark(system: FanotifyState, path: string, type: string): FanotifyState | undefined {
  if (system.problem !== undefined) return undefined
  return { problem: filesystemProblem(path, type, MASK) }
}
