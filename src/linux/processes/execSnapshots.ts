import { monotonicMillis } from '../bootTime.js'
import { decodeProcEvents } from './decodeProcEvents.js'
import { readProcessFacts, type ProcessFacts } from './readProcessFacts.js'

/** What /proc told of a process right after an exec. */
export interface ExecSnapshot {
  readonly pid: number
  /** When it executed, as the message has it, and when it had been read: CLOCK_MONOTONIC in milliseconds. */
  readonly at: number
  readonly readTo: number
  readonly facts: ProcessFacts
}

// More of them at once come too late for most anyway.
const MAX_AT_ONCE = 100

/**
 * Looks at the processes of which these messages of the proc connector tell an exec: for those that live a millisecond
 * this is the one chance to see their command line.
 */
export function snapshotExecs(messages: ArrayBuffer): ExecSnapshot[] {
  const execs = decodeProcEvents(messages).filter(({ kind }) => kind === 'exec')
  return execs.slice(-MAX_AT_ONCE).flatMap((event) => {
    const { pid } = event as { readonly pid: number }
    const facts = readProcessFacts(pid)
    return facts === null ? [] : [{ pid, at: event.at, readTo: monotonicMillis(), facts }]
  })
}
