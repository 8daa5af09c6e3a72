import { FsflowError } from '../../errors/index.js'
import { eventGroups } from '../../events/index.js'
import { capabilityError, markProblem, missingCapabilities } from '../../linux/fanotify/fanotifyErrors.js'
import { probeMark } from '../../linux/fanotify/FanotifyGroup.js'
import { libc } from '../../linux/libc.js'
import { fanotifyMask } from '../../sources/FanotifyEvents.js'

/** Whether the fanotify source works; `problem` is `undefined` when it does. */
export interface FanotifyState {
  readonly problem: string | undefined
}

const MASK = fanotifyMask(new Set(eventGroups.changes))

/** Whether it works for this user on this kernel: a group is opened and closed. */
export function examineFanotify(): FanotifyState {
  try {
    libc()
  } catch {
    return { problem: 'fanotify needs koffi, which has no build here' }
  }
  const missing = missingCapabilities()
  if (missing.length > 0) return { problem: capabilityError(missing).message }
  try {
    // Whether that very filesystem can be marked is another question.
    probeMark('/', MASK)
    return { problem: undefined }
  } catch (error) {
    return { problem: messageOfOurs(error) }
  }
}

/** Whether it works for the filesystem of a raw path: a mark is set and removed. `undefined` when it works nowhere. */
export function examineMark(system: FanotifyState, path: string, type: string): FanotifyState | undefined {
  if (system.problem !== undefined) return undefined
  try {
    const result = probeMark(path, MASK)
    return { problem: result === 0 ? undefined : markProblem(-result, type) }
  } catch (error) {
    return { problem: messageOfOurs(error) }
  }
}

function messageOfOurs(error: unknown): string {
  if (FsflowError.is(error)) return error.message
  throw error
}
