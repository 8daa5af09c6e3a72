import { readdirSync, readFileSync } from 'node:fs'
import { procFiles } from './ProcFiles.js'

// See proc(5). Every read may fail at any time: the process ends, or belongs to somebody else.

/** Clock ticks a second, as user space sees them: 100 on every architecture that Node runs on. */
const TICKS = 100

const DEFAULT_LIMIT = 65_536
const shared = Buffer.allocUnsafeSlow(DEFAULT_LIMIT)

/** What /proc/PID/stat tells, of which all processes may read these fields. */
export interface ProcessStat {
  readonly name: string
  readonly state: string
  readonly ppid: number
  /** Seconds of processor time so far. */
  readonly processorSeconds: number
  readonly numThreads: number
  /** Seconds from boot to the start of the process. */
  readonly startSeconds: number
}

/** The text of a file of a process, at most `limit` bytes of it; `null` when it cannot be read. */
export function readProcess(pid: number, file: string, limit = DEFAULT_LIMIT): string | null {
  const buffer = limit <= shared.length ? shared.subarray(0, limit) : Buffer.allocUnsafe(limit)
  return procFiles().read(`/proc/${pid}/${file}`, buffer)
}

/** Where a link of a process points, as a raw path or as text; `null` when it cannot be read. */
export function readProcessLink(
  pid: number,
  link: string,
  encoding: 'utf8' | 'latin1' = 'utf8',
): string | null {
  return procFiles().link(`/proc/${pid}/${link}`, encoding)
}

/** The open descriptors of a process; `null` when they cannot be listed. */
export function listDescriptors(pid: number): readonly string[] | null {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch {
    return null
  }
}

/** The processes that /proc shows. */
export function listProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
}

export function readStat(pid: number): ProcessStat | null {
  const text = readProcess(pid, 'stat', 4096)
  if (text === null) return null
  // The name may hold spaces and parentheses, so the fields are counted from its end.
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  if (end < 0 || fields.length < 20) return null
  const field = (number: number): string => fields[number - 3]!
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    state: field(3),
    ppid: Number(field(4)),
    processorSeconds: (Number(field(14)) + Number(field(15))) / TICKS,
    numThreads: Number(field(20)),
    startSeconds: Number(field(22)) / TICKS,
  }
}

/** Lines of `Key:\tvalue`, as in status and io. */
export function readFields(pid: number, file: 'status' | 'io'): ReadonlyMap<string, string> | null {
  const text = readProcess(pid, file)
  if (text === null) return null
  return new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
}

/** Seconds since boot. */
export function readUptime(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0])
}
