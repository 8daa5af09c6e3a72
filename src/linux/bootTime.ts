import { libc } from './libc.js'
import { readUptime } from './procfs.js'

const CLOCK_BOOTTIME = 7
const BOOT_CHECK_MILLIS = 1000
let boot = 0
let bootCheckedAt = -Infinity

/** When the machine was booted, in milliseconds since the epoch. */
export function bootMillis(): number {
  // The wall clock may be set, so it is measured anew now and then, but kept while it agrees: the start of a process
  // must not waver by milliseconds.
  const now = performance.now()
  if (now - bootCheckedAt < BOOT_CHECK_MILLIS) return boot
  bootCheckedAt = now
  const measured = Date.now() - readUptime() * 1000
  if (Math.abs(measured - boot) > 500) boot = measured
  return boot
}

/** CLOCK_MONOTONIC, in milliseconds. */
export function monotonicMillis(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1000 + nanos / 1e6
}

const timespec = Buffer.alloc(16)

/** How far the time since boot is ahead of CLOCK_MONOTONIC, in milliseconds: the time that the machine was asleep. */
export function asleepMillis(): number {
  libc().clockGettime(CLOCK_BOOTTIME, timespec)
  const now = monotonicMillis()
  // A few microseconds passed between the two clocks.
  const wide = process.arch !== 'arm' && process.arch !== 'ia32'
  const seconds = wide ? Number(timespec.readBigInt64LE(0)) : timespec.readInt32LE(0)
  const nanos = wide ? Number(timespec.readBigInt64LE(8)) : timespec.readInt32LE(4)
  return Math.max(0, seconds * 1000 + nanos / 1e6 - now)
}
