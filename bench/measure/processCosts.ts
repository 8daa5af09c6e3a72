import { readFileSync } from 'node:fs'

// USER_HZ: what proc_pid_stat(5) counts in, on every architecture that Node.js runs on.
const TICK_MS = 10

/** User and system time of all threads of a process so far, in milliseconds, by steps of 10. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** The most memory that a process has held, in MiB. */
export function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) / 1024
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Waits until a process has used no CPU for a while. Gives when it used some last, by `performance.now()`.
 * Throws when it does not come to rest.
 */
export async function untilAtRest(pid: number, quietMs = 400, limitMs = 180_000): Promise<number> {
  const start = performance.now()
  let last = start
  let before = cpuOf(pid)
  while (performance.now() - last < quietMs) {
    if (performance.now() - start > limitMs) throw new Error(`does not come to rest in ${limitMs / 1000} s`)
    await sleep(20)
    const cpu = cpuOf(pid)
    if (cpu !== before) last = performance.now()
    before = cpu
  }
  return last
}
