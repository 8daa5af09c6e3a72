import { closeSync, openSync, readFileSync } from 'node:fs'
import { FsflowError } from '../errors/index.js'
import { EMFILE, ENFILE, ENOSPC, errnoName } from './errno.js'
import { descriptorHint } from './systemError.js'

export type InotifyLimit = 'max_user_watches' | 'max_user_instances' | 'max_queued_events'

interface Bound {
  /** Infinity where /proc does not tell it. */
  readonly value: number
  readonly path: string
  /** As sysctl(8) names it. */
  readonly sysctl: string
}

/** The limit that binds: inside a user namespace its own ones count too, see user_namespaces(7). */
function bound(name: InotifyLimit): Bound {
  const whole = readBound(`fs.inotify.${name}`)
  if (name === 'max_queued_events') return whole
  const own = readBound(`user.${name.replace('user', 'inotify')}`)
  return own.value < whole.value ? own : whole
}

function readBound(sysctl: string): Bound {
  const path = `/proc/sys/${sysctl.replaceAll('.', '/')}`
  try {
    return { value: Number(readFileSync(path, 'utf8')), path, sysctl }
  } catch {
    return { value: Infinity, path, sysctl }
  }
}

/** A limit of inotify(7), or `undefined` where /proc does not tell it. */
export function inotifyLimit(name: InotifyLimit): number | undefined {
  const { value } = bound(name)
  return value === Infinity ? undefined : value
}

const DEFAULT_QUEUE_LIMIT = 16_384

/** How many records the kernel's queue holds. */
export function inotifyQueueLimit(): number {
  return inotifyLimit('max_queued_events') ?? DEFAULT_QUEUE_LIMIT
}

const shown = (value: number) => (value === Infinity ? 'unknown' : String(value))
const finite = (value: number) => (value === Infinity ? 0 : value)

/** The setting that gives a user who needs so many watches enough of them, as sysctl(8) takes it. */
export function enoughWatches(needed: number): string {
  const { value, sysctl } = bound('max_user_watches')
  return `${sysctl}=${Math.max(2 * needed + finite(value), 524_288)}`
}

/** The same for instances. */
export function enoughInstances(): string {
  const { value, sysctl } = bound('max_user_instances')
  return `${sysctl}=${Math.max(2 * finite(value), 256)}`
}

/** Why no instance could be had. Without an errno the limit on instances is taken to be the reason. */
export function inotifyOpenError(errno: number | undefined): FsflowError {
  if (errno === ENOSPC) return watchLimitError(undefined)
  // The number of descriptors of the process, or of the system, gives the same errno.
  if (errno !== undefined && isOutOfDescriptors()) {
    return new FsflowError({
      code: 'FSFLOW_KERNEL',
      message: `inotify_init1 failed: ${errnoName(errno)}`,
      hint: descriptorHint(errno),
    })
  }
  if (errno === undefined || errno === EMFILE || errno === ENFILE) {
    const { value, path } = bound('max_user_instances')
    return new FsflowError({
      code: 'FSFLOW_WATCH_LIMIT',
      message: `no inotify instance is free: the limit for a user is ${shown(value)}`,
      path,
      hint: `Raise it with: sudo sysctl ${enoughInstances()}`,
    })
  }
  return new FsflowError({ code: 'FSFLOW_KERNEL', message: `inotify_init1 failed: ${errnoName(errno)}` })
}

function isOutOfDescriptors(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'))
    return false
  } catch {
    return true
  }
}

export interface WatchLimitFacts {
  /** Directories that the roots hold. */
  readonly needed: number
  /** The largest users, for people: `node (pid 42): 1200`. */
  readonly users: readonly string[]
}

/** Out of watches: how many are needed, what the limit is, who uses them, and how to raise it. */
export function watchLimitError(facts: WatchLimitFacts | undefined): FsflowError {
  const { value, path } = bound('max_user_watches')
  const needed = facts === undefined ? '' : `${facts.needed} watches are needed, `
  const users = facts === undefined || facts.users.length === 0 ? '' : `; in use by ${facts.users.join(', ')}`
  return new FsflowError({
    code: 'FSFLOW_WATCH_LIMIT',
    message: `out of inotify watches: ${needed}the limit for a user is ${shown(value)}${users}`,
    path,
    hint: `Raise it with: sudo sysctl ${enoughWatches(facts?.needed ?? 0)}  or exclude directories.`,
  })
}
