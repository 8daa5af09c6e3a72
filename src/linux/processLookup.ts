import { defer, of, type Observable } from 'rxjs'
import type { EventProcess, ProcessDetails } from '../events/index.js'
import { knownDetails, processDetails, type CostlyProcessField } from './procfsDetails.js'
import { ProcfsHolders } from './procfsHolders.js'
import { rawFromText } from './rawPath.js'
import { userDatabase } from './userDatabase.js'

/** Why it is not known who did it. */
export interface UnknownProcess {
  readonly unknown: string
}

/** Facts about processes. Only the first value of each answer counts. */
export interface ProcessLookup {
  /** `known` is what the source knew of the process when it read the event. */
  byPid(pid: number, known?: EventProcess): Observable<ProcessDetails | UnknownProcess>
  /**
   * The one process that holds the file open, with the resolution `open-files`. `bytes` is the raw path of a name
   * that is not valid UTF-8; `writing` leaves out who could not have changed the file.
   */
  byOpenFile(path: string, bytes?: Uint8Array, writing?: boolean): Observable<ProcessDetails | UnknownProcess>
}

export interface ProcfsLookupOptions {
  /** The costly fields to read too. Default none. */
  readonly fields?: readonly CostlyProcessField[]
  /** Milliseconds for which one scan of all open files serves. Default 50: a scan costs some milliseconds. */
  readonly scanAge?: number
}

/**
 * Facts from /proc, read when the answer is subscribed to.
 *
 * What the source knew of a process stands; only costly fields are then read. Without that, a process that has
 * ended is nothing but a reason, `exited`; see proc(5).
 */
export function procfsLookup(options: ProcfsLookupOptions = {}): ProcessLookup {
  const fields = new Set(options.fields)
  const holders = new ProcfsHolders(options.scanAge ?? 50)
  return {
    byPid: (pid, known) =>
      defer(() => {
        if (known !== undefined) return of(knownDetails(known, fields))
        return of(processDetails(pid, 'live', fields, userDatabase) ?? { unknown: whyNoProcess(pid) })
      }),
    byOpenFile: (path, bytes, writing = false) =>
      defer(() => {
        const raw = bytes === undefined ? rawFromText(path) : Buffer.from(bytes).toString('latin1')
        const pids = holders.find(raw, writing)
        const how = writing ? 'open for writing' : 'open'
        if (pids.length === 0) return of({ unknown: `no process that can be seen holds it ${how}` })
        if (pids.length > 1) return of({ unknown: `${pids.length} processes hold it ${how}` })
        const details = processDetails(pids[0]!, 'open-files', fields, userDatabase)
        return of(details ?? { unknown: 'exited' })
      }),
  }
}

// With hidepid, /proc leaves out what belongs to others: that it is not there does not mean that it has ended.
function whyNoProcess(pid: number): string {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'exited' : 'hidden by /proc'
  }
  return 'hidden by /proc'
}
