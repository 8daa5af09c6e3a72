import { rmSync } from 'node:fs'
import { untilAtRest } from './processCosts.js'
import { startWatcher } from './runningWatcher.js'
import type { Values } from '../report/results.js'
import type { Watcher, WatcherReport } from '../watchers/Watcher.js'

/** What a load is measured by. */
export interface LoadCosts extends Values {
  /** Milliseconds of CPU from the moment it was ready until all was handled; and with its start. */
  readonly cpu: number
  readonly cpuInAll: number
  /** Milliseconds from the start of the load until the watcher was at rest, and until the load was done. */
  readonly wall: number
  readonly load: number
  readonly peak: number
  readonly events: number
  readonly overflows: number
}

/** Runs a load under a watcher, until the watcher has handled it all. `load` gives the milliseconds that it took. */
export async function underLoad(
  watcher: Watcher,
  directory: string,
  load: () => Promise<number>,
): Promise<{ readonly costs: LoadCosts; readonly report: WatcherReport }> {
  const running = await startWatcher(watcher, directory)
  try {
    await untilAtRest(running.pid)
    const cpuBefore = running.cpuMs()
    const began = performance.now()
    const loadMs = await load()
    const ended = await untilAtRest(running.pid)
    const cpuAfter = running.cpuMs()
    const peak = running.peakMiB()
    const report = await running.stop()
    return {
      costs: {
        cpu: cpuAfter - cpuBefore,
        cpuInAll: cpuAfter,
        wall: Math.max(loadMs, ended - began),
        load: loadMs,
        peak,
        events: report.events,
        overflows: report.overflows ?? NaN,
      },
      report,
    }
  } catch (error) {
    await running.stop().catch(() => undefined)
    throw error
  }
}

/** Runs `body` with a directory, and removes it. */
export async function withDirectory<T>(
  directory: string,
  body: (directory: string) => Promise<T>,
): Promise<T> {
  try {
    return await body(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
