import { filter } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { FsflowError, rejectUnknownOptions } from '../errors/index.js'
import type { ProcessAncestor, ProcessDetails } from '../events/index.js'
import { processMatcher, processOf, type ProcessCriteria } from './processes/processMatcher.js'
import { optionObject } from './support/optionChecks.js'

export type ByAncestorOptions = Pick<ProcessCriteria, 'name' | 'exe' | 'pid'>

const known = ['name', 'exe', 'pid'] as const

/**
 * Lets the events pass that were done by certain processes or by anything that these have started.
 *
 * ```
 * source:                        --a--b--c--d--|    a: by make          b: by cc, started by sh, by make
 * byAncestor({ name: 'make' })                      c: by vim           d: by nobody that is known
 * result:                        --a--b--------|
 * ```
 *
 * A process must meet all that is given; of a list, any entry. `exe` is a glob of minimatch for the whole path.
 * Ancestors count as they were when each of them started the next, also when they have ended since. An event whose
 * process is not known does not pass. `enrichProcess({ fields: ['ancestors'] })` must come before it. Control events
 * always pass. It holds nothing back: complete, error and unsubscribe pass at once. Throws FSFLOW_INVALID_OPTION; an
 * event without ancestors, not even unknown ones, ends the stream with FSFLOW_INVALID_PIPELINE. See fork(2).
 */
export function byAncestor(options: ByAncestorOptions): Operator {
  optionObject('byAncestor', options)
  rejectUnknownOptions('byAncestor', options, known)
  const matches = processMatcher('byAncestor', options, known)
  return describeOperator(
    { name: 'byAncestor', options: { ...options }, transparent: true, needsTypes: (wanted) => wanted },
    filter((event) => {
      if (event.isControl) return true
      const details = processOf('byAncestor', event)
      if (details === null) return false
      const ancestors = ancestorsOf(details)
      return matches(details) || (ancestors?.some(matches) ?? false)
    }),
  )
}

function ancestorsOf({ ancestors }: ProcessDetails): readonly ProcessAncestor[] | null {
  if (ancestors !== undefined) return ancestors
  throw new FsflowError({
    code: 'FSFLOW_INVALID_PIPELINE',
    message: 'byAncestor needs to know who started the process, and no operator before it has looked',
    hint: "Write enrichProcess({ fields: ['ancestors'] }).",
  })
}
