import { readFileSync } from 'node:fs'
import { FsflowError } from '../errors/index.js'
import { EMFILE, ENFILE, ENOSPC, errnoName } from './errno.js'

const directory = '/proc/sys/fs/inotify'

export type InotifyLimit = 'max_user_watches' | 'max_user_instances' | 'max_queued_events'

/** A limit of inotify(7), or `undefined` where /proc does not tell it. */
export function inotifyLimit(name: InotifyLimit): number | undefined {
  try {
    return Number(readFileSync(`${directory}/${name}`, 'utf8'))
  } catch {
    return undefined
  }
}

/** Why no instance could be had. Without an errno the limit on instances is taken to be the reason. */
export function inotifyOpenError(errno: number | undefined): FsflowError {
  if (errno === ENOSPC) return watchLimitError(undefined)
  if (errno === undefined || errno === EMFILE || errno === ENFILE) {
    const limit = inotifyLimit('max_user_instances')
    return new FsflowError({
      code: 'FSFLOW_WATCH_LIMIT',
      message: `no inotify instance is free: the limit for a user is ${limit ?? 'unknown'}`,
      path: `${directory}/max_user_instances`,
      hint: `Raise it with: sudo sysctl fs.inotify.max_user_instances=${Math.max(2 * (limit ?? 0), 256)}`,
    })
  }
  return new FsflowError({ code: 'FSFLOW_KERNEL', message: `inotify_init1 failed: ${errnoName(errno)}` })
}

export interface WatchLimitFacts {
  /** Directories that the roots hold. */
  readonly needed: number
  /** The largest users, for people: `node (pid 42): 1200`. */
  readonly users: readonly string[]
}

/** Out of watches: how many are needed, what the limit is, who uses them, and how to raise it. */
export function watchLimitError(facts: WatchLimitFacts | undefined): FsflowError {
  const limit = inotifyLimit('max_user_watches')
  const needed = facts === undefined ? '' : `${facts.needed} watches are needed, `
  const users = facts === undefined || facts.users.length === 0 ? '' : `; in use by ${facts.users.join(', ')}`
  const enough = Math.max(2 * (facts?.needed ?? 0) + (limit ?? 0), 524_288)
  return new FsflowError({
    code: 'FSFLOW_WATCH_LIMIT',
    message: `out of inotify watches: ${needed}the limit for a user is ${limit ?? 'unknown'}${users}`,
    path: `${directory}/max_user_watches`,
    hint: `Raise it with: sudo sysctl fs.inotify.max_user_watches=${enough}  or exclude directories.`,
  })
}
