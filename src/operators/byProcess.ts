import { filter } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { rejectUnknownOptions } from '../errors/index.js'
import { processMatcher, processOf, type ProcessCriteria } from './processes/processMatcher.js'
import { optionObject } from './support/optionChecks.js'

export type ByProcessOptions = ProcessCriteria

const known = ['name', 'exe', 'user', 'pid'] as const

/**
 * Lets the events pass that were done by certain processes.
 *
 * ```
 * source:                       --a--b--c--d--|    a: by make          b: by vim
 * byProcess({ name: 'make' })                      c: by make          d: by nobody that is known
 * result:                       --a-----c-----|
 * ```
 *
 * A process must meet all that is given; of a list, any entry. `exe` is a glob of minimatch for the whole path.
 * What is not known of a process meets nothing, and an event whose process is not known does not pass. A name that
 * is inferred counts as a name. `enrichProcess()` must come before it. Control events always pass. It holds nothing
 * back: complete, error and unsubscribe pass at once. Throws FSFLOW_INVALID_OPTION; an event that no
 * `enrichProcess` has seen ends the stream with FSFLOW_INVALID_PIPELINE. See credentials(7).
 */
export function byProcess(options: ByProcessOptions): Operator {
  optionObject('byProcess', options)
  rejectUnknownOptions('byProcess', options, known)
  const matches = processMatcher('byProcess', options, known)
  return describeOperator(
    { name: 'byProcess', options: { ...options }, transparent: true, needsTypes: (wanted) => wanted },
    filter((event) => {
      if (event.isControl) return true
      const details = processOf('byProcess', event)
      return details !== null && matches(details)
    }),
  )
}
