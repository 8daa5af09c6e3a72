import { InodeReader } from '../InodeReader.js'
import { readFields, readProcess, readProcessLink, readStat } from '../procfs.js'
import { effectiveId, splitAtNul } from '../procfsDetails.js'

/** What /proc tells of a process that is there. */
export interface ProcessFacts {
  /** Milliseconds since boot, in steps of 10. */
  readonly startedAt: number
  readonly ppid: number
  readonly state: string
  readonly name: string
  /** `null` when they cannot be read: the process is ending, belongs to somebody else, or has none. */
  readonly exePath: string | null
  /** Device and inode of the executable. */
  readonly identity: string | null
  readonly cmdline: readonly string[] | null
}

/**
 * Reads what tells a program from another. The command line comes last: during an exec it is empty, so that where
 * there is one, nothing before it was of a later program than it is.
 */
export function readProcessFacts(pid: number): ProcessFacts | null {
  const stat = readStat(pid)
  if (stat === null) return null
  const exePath = readProcessLink(pid, 'exe')
  const identity = exePath === null ? null : executableIdentity(pid)
  const cmdline = exePath === null ? null : readProcess(pid, 'cmdline')
  const hasEnded = stat.state === 'Z' || stat.state === 'X'
  return {
    startedAt: stat.startSeconds * 1000,
    ppid: stat.ppid,
    state: stat.state,
    name: stat.name,
    exePath,
    identity,
    // Of a process that is ending it is empty.
    cmdline: cmdline === null || cmdline === '' || hasEnded ? null : splitAtNul(cmdline),
  }
}

/** Effective user and group of a process that is there. */
export function readProcessIds(pid: number): { readonly uid: number | null; readonly gid: number | null } {
  const status = readFields(pid, 'status')
  return { uid: effectiveId(status?.get('Uid')), gid: effectiveId(status?.get('Gid')) }
}

let inodes: InodeReader | undefined

function executableIdentity(pid: number): string | null {
  inodes ??= new InodeReader()
  const inode = inodes.ofPath(`/proc/${pid}/exe`)
  return typeof inode === 'number' ? null : `${inode.dev}:${inode.ino}`
}
