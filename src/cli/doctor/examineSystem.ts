import { statSync } from 'node:fs'
import { release } from 'node:os'
import { FsflowError } from '../../errors/index.js'
import { effectiveCapabilities, type CapabilityName } from '../../linux/capabilities.js'
import { inotifyLimit } from '../../linux/inotifyErrors.js'
import { inotifyUsers, type InotifyUser } from '../../linux/inotifyUsage.js'
import { chooseBinding } from '../../linux/openInotify.js'
import { userDatabase } from '../../linux/userDatabase.js'
import { examineFanotify, type FanotifyState } from './examineFanotify.js'

export interface BindingState {
  readonly name: 'koffi' | 'node-inotify'
  /** Why it cannot be used; `undefined` when it can. */
  readonly problem: string | undefined
  /** It is the one that `auto` stands for here. */
  readonly chosen: boolean
}

/** A limit for each user. */
export interface LimitState {
  /** `undefined` where /proc does not tell it. */
  readonly limit: number | undefined
  /** What this user has in use, as far as /proc shows it. */
  readonly used: number
  readonly free: number
}

export interface SystemState {
  readonly kernel: string
  readonly uid: number
  readonly userName: string | null
  readonly capabilities: Readonly<Record<CapabilityName, boolean>> | undefined
  readonly bindings: readonly BindingState[]
  readonly fanotify: FanotifyState
  readonly watches: LimitState
  readonly instances: LimitState
  readonly queuedEvents: number | undefined
  /** Every process that holds inotify instances and can be looked at, the one with most watches first. */
  readonly users: readonly (InotifyUser & { readonly uid: number | undefined })[]
}

/** What of the system bears on watching. */
export function examineSystem(): SystemState {
  const uid = process.geteuid!()
  const users = inotifyUsers().map((user) => ({ ...user, uid: ownerOf(user.pid) }))
  const own = users.filter((user) => user.uid === uid)
  return {
    kernel: release(),
    uid,
    userName: userDatabase.userName(uid),
    capabilities: effectiveCapabilities(),
    bindings: bindingStates(),
    fanotify: examineFanotify(),
    watches: limitState(
      inotifyLimit('max_user_watches'),
      own.reduce((sum, { watches }) => sum + watches, 0),
    ),
    instances: limitState(
      inotifyLimit('max_user_instances'),
      own.reduce((sum, { instances }) => sum + instances, 0),
    ),
    queuedEvents: inotifyLimit('max_queued_events'),
    users,
  }
}

function limitState(limit: number | undefined, used: number): LimitState {
  return { limit, used, free: limit === undefined ? Infinity : Math.max(0, limit - used) }
}

function bindingStates(): BindingState[] {
  let chosen: string | undefined
  return (['koffi', 'node-inotify'] as const).map((name) => {
    try {
      chooseBinding(name)
    } catch (error) {
      if (!FsflowError.is(error)) throw error
      return { name, problem: error.message, chosen: false }
    }
    chosen ??= name
    return { name, problem: undefined, chosen: chosen === name }
  })
}

function ownerOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    // It has ended.
    return undefined
  }
}
