import { FsflowError } from '../../errors/index.js'
import { libc } from '../libc.js'
import { capabilityError, markProblem, missingCapabilities } from './fanotifyErrors.js'
import { probeMark } from './FanotifyGroup.js'

/** Why fanotify works nowhere for this user on this kernel, in words; `undefined` when it does. Leaves nothing open. */
export function fanotifyProblem(mask: number): string | undefined {
  try {
    libc()
  } catch {
    return 'fanotify needs koffi, which has no build here'
  }
  const missing = missingCapabilities()
  if (missing.length > 0) return capabilityError(missing).message
  return attempt(() => {
    // Whether that very filesystem can be marked is another question.
    probeMark('/', mask)
    return undefined
  })
}

/** Why the filesystem of a raw path cannot be marked, in words: a mark is set and removed. */
export function filesystemProblem(path: string, type: string, mask: number): string | undefined {
  return attempt(() => {
    const result = probeMark(path, mask)
    return result === 0 ? undefined : markProblem(-result, type)
  })
}

function attempt(probe: () => string | undefined): string | undefined {
  try {
    return probe()
  } catch (error) {
    if (FsflowError.is(error)) return error.message
    throw error
  }
}
