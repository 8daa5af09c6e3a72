import { bootMillis } from './bootTime.js'
import { containerId } from './containerId.js'
import type { EventProcess, IoStats, ProcessDetails } from '../events/index.js'
import {
  listDescriptors,
  readFields,
  readProcess,
  readProcessLink,
  readStat,
  readUptime,
  type ProcessStat,
} from './procfs.js'
import { readAncestors } from './procfsAncestors.js'
import type { UserDatabase } from './userDatabase.js'

/** The fields of `ProcessDetails` that cost more and are read on request only. */
export const costlyProcessFields = [
  'cpuUsage',
  'memoryRss',
  'memoryVms',
  'numThreads',
  'openFiles',
  'environment',
  'limits',
  'ioStats',
  'ancestors',
  'containerId',
] as const

export type CostlyProcessField = (typeof costlyProcessFields)[number]
type CostlyProcessDetails = Pick<ProcessDetails, CostlyProcessField>

const MAX_ENVIRONMENT_BYTES = 262_144
const MAX_OPEN_FILES = 1000
// Names that are likely to hold a secret; rather too many than too few.
const secretName = /key|token|secret|pass|pwd$|credential|auth|private|cookie|session|dsn/i
const harmlessNames: ReadonlySet<string> = new Set(['PWD', 'OLDPWD'])
const secretValue = /:\/\/[^/\s:@]*:[^/\s@]+@/

/**
 * What /proc tells of a process; `null` when there is no such process.
 *
 * Executable and command line are read first: they vanish before the rest when a process ends.
 */
export function processDetails(
  pid: number,
  resolution: ProcessDetails['resolution'],
  fields: ReadonlySet<CostlyProcessField>,
  names: UserDatabase,
): ProcessDetails | null {
  const exePath = readProcessLink(pid, 'exe')
  const cmdline = readProcess(pid, 'cmdline')
  const cwd = readProcessLink(pid, 'cwd')
  const stat = readStat(pid)
  if (stat === null) return null
  const status = readFields(pid, 'status')
  const uid = effectiveId(status?.get('Uid'))
  const ended = stat.state === 'Z' || stat.state === 'X'
  const costly = costlyDetails(pid, stat, status, fields)
  return {
    pid,
    ppid: stat.ppid,
    name: stat.name,
    exePath,
    cmdline: cmdline === null || (ended && cmdline === '') ? null : splitAtNul(cmdline),
    cwd,
    uid,
    gid: effectiveId(status?.get('Gid')),
    username: uid === null ? null : names.userName(uid),
    state: stat.state,
    startTime: new Date(bootMillis() + stat.startSeconds * 1000).toISOString(),
    ...costly,
    resolution,
  }
}

function costlyDetails(
  pid: number,
  stat: ProcessStat,
  status: ReadonlyMap<string, string> | null,
  fields: ReadonlySet<CostlyProcessField>,
): CostlyProcessDetails {
  return {
    ...(fields.has('cpuUsage') && { cpuUsage: cpuUsage(stat) }),
    ...(fields.has('memoryRss') && { memoryRss: bytesOf(status?.get('VmRSS')) }),
    ...(fields.has('memoryVms') && { memoryVms: bytesOf(status?.get('VmSize')) }),
    ...(fields.has('numThreads') && { numThreads: stat.numThreads }),
    ...(fields.has('openFiles') && { openFiles: openFiles(pid) }),
    ...(fields.has('environment') && { environment: environment(pid) }),
    ...(fields.has('limits') && { limits: limits(pid) }),
    ...(fields.has('ioStats') && { ioStats: ioStats(pid) }),
    ...(fields.has('ancestors') && { ancestors: readAncestors(pid) }),
    ...(fields.has('containerId') && { containerId: containerOf(pid) }),
  }
}

// The source measures the start by another clock than /proc does.
const START_TOLERANCE_MS = 250

/**
 * What the source knew of a process, with the costly fields of now. Those of a process that has ended since, or
 * whose number has gone to another one, are `null`.
 */
export function knownDetails(known: EventProcess, fields: ReadonlySet<CostlyProcessField>): ProcessDetails {
  const { details } = known
  if (fields.size === 0) return details
  const { resolution, ...rest } = details
  const own = { ...rest, ...(fields.has('ancestors') && { ancestors: known.ancestors }) }
  const others = new Set([...fields].filter((field) => field !== 'ancestors'))
  const costly = others.size === 0 ? {} : costlyOf(details, others)
  return { ...own, ...costly, resolution }
}

function costlyOf({ pid, startTime }: ProcessDetails, fields: ReadonlySet<CostlyProcessField>): object {
  const stat = readStat(pid)
  const status = stat === null ? null : readFields(pid, 'status')
  const costly = stat === null ? {} : costlyDetails(pid, stat, status, fields)
  // Last, so that all of it was read of the process that there is now.
  const start = readStat(pid)?.startSeconds
  const begun = start === undefined ? NaN : bootMillis() + start * 1000
  if (startTime !== null && Math.abs(begun - Date.parse(startTime)) <= START_TOLERANCE_MS) return costly
  return Object.fromEntries([...fields].map((field) => [field, null]))
}

function containerOf(pid: number): string | null {
  const cgroups = readProcess(pid, 'cgroup')
  return cgroups === null ? null : containerId(cgroups)
}

export function splitAtNul(text: string): string[] {
  if (text === '') return []
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0')
}

// "real effective saved filesystem", of which ps(1) shows the second.
export function effectiveId(ids: string | undefined): number | null {
  const id = ids?.split('\t')[1]
  return id === undefined ? null : Number(id)
}

function bytesOf(kibibytes: string | undefined): number | null {
  return kibibytes === undefined ? null : Number(kibibytes.split(' ')[0]) * 1024
}

function cpuUsage(stat: ProcessStat): number | null {
  const age = readUptime() - stat.startSeconds
  return age <= 0 ? null : Math.round((stat.processorSeconds / age) * 10_000) / 100
}

function openFiles(pid: number): string[] | null {
  const descriptors = listDescriptors(pid)
  if (descriptors === null) return null
  const files = new Set<string>()
  for (const fd of descriptors) {
    const target = readProcessLink(pid, `fd/${fd}`)
    if (target?.startsWith('/') === true) files.add(target)
    if (files.size >= MAX_OPEN_FILES) break
  }
  return [...files]
}

function environment(pid: number): Record<string, string> | null {
  const text = readProcess(pid, 'environ', MAX_ENVIRONMENT_BYTES)
  if (text === null) return null
  const variables = splitAtNul(text).flatMap((variable): [string, string][] => {
    const equals = variable.indexOf('=')
    if (equals <= 0) return []
    const name = variable.slice(0, equals)
    const value = variable.slice(equals + 1)
    const secret = (secretName.test(name) && !harmlessNames.has(name)) || secretValue.test(value)
    return [[name, secret ? '[redacted]' : value]]
  })
  return Object.fromEntries(variables)
}

function limits(pid: number): Record<string, { soft: string; hard: string }> | null {
  const text = readProcess(pid, 'limits')
  if (text === null) return null
  // A header, then lines of a name in 25 columns, the soft limit, the hard limit, the unit.
  const lines = text
    .split('\n')
    .slice(1)
    .filter((line) => line.length > 25)
  return Object.fromEntries(
    lines.map((line) => {
      const [soft = '', hard = ''] = line.slice(25).trim().split(/\s+/)
      return [line.slice(0, 25).trim(), { soft, hard }]
    }),
  )
}

function ioStats(pid: number): IoStats | null {
  const io = readFields(pid, 'io')
  if (io === null) return null
  const count = (key: string): number => Number(io.get(key) ?? 0)
  return {
    readBytes: count('read_bytes'),
    writeBytes: count('write_bytes'),
    readSyscalls: count('syscr'),
    writeSyscalls: count('syscw'),
  }
}
