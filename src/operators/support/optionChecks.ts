import type { SchedulerLike } from 'rxjs'
import { invalidOption } from '../../errors/index.js'

// Timers take no longer delay; a longer one would fire at once.
const MAX_MILLIS = 2_147_483_647

/** Throws when what should be an options object is none. */
export function optionObject(owner: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw invalidOption(owner, 'options', 'must be an object', `Write ${owner}({ ... }).`)
}

/** Throws when `value` is no duration that a timer can take. */
export function requireMillis(owner: string, option: string, value: unknown, least = 0): void {
  if (typeof value === 'number' && value >= least && value <= MAX_MILLIS) return
  const got = typeof value === 'number' ? String(value) : typeof value
  throw invalidOption(owner, option, `must be milliseconds, ${least} to ${MAX_MILLIS}, got ${got}`)
}

/** Throws when `maxWait` is no duration, or ends before a quiet time can. */
export function requireMaxWait(owner: string, maxWait: unknown, quietMs: number): void {
  requireMillis(owner, 'maxWait', maxWait)
  if ((maxWait as number) >= quietMs) return
  throw invalidOption(owner, 'maxWait', `must be at least quietMs, ${quietMs}, got ${String(maxWait)}`)
}

/** Throws when `value` is no number of things, at least 1. */
export function requireCount(owner: string, option: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return
  const got = typeof value === 'number' ? String(value) : typeof value
  throw invalidOption(owner, option, `must be an integer, at least 1, got ${got}`)
}

/** Throws when `value` cannot be a lookup by path. */
export function requireLookup(owner: string, value: unknown): void {
  if (typeof value === 'function') return
  throw invalidOption(owner, 'lookup', 'must be a function from a path to an Observable')
}

export function requireBoolean(owner: string, option: string, value: unknown): void {
  if (typeof value === 'boolean') return
  throw invalidOption(owner, option, `must be true or false, got ${typeof value}`)
}

export function requireScheduler(owner: string, value: unknown): void {
  const scheduler = value as SchedulerLike | null
  if (typeof scheduler?.schedule === 'function' && typeof scheduler.now === 'function') return
  throw invalidOption(owner, 'scheduler', 'must be an RxJS scheduler', 'Leave it out for asyncScheduler.')
}
