import type { TrackedProcess } from './TrackedProcess.js'

const KEEP_MS = 30_000
const KEEP_COUNT = 10_000

/** Processes that have ended, kept for a while, as events of theirs may still be on their way. */
export class ExitedProcesses {
  readonly #forget: (process: TrackedProcess) => void
  // In the order of their ends.
  readonly #endedAt = new Map<TrackedProcess, number>()

  constructor(forget: (process: TrackedProcess) => void) {
    this.#forget = forget
  }

  /** `at`: CLOCK_MONOTONIC in milliseconds. */
  add(process: TrackedProcess, at: number): void {
    this.#endedAt.delete(process)
    this.#endedAt.set(process, at)
  }

  /** Forgets those that ended long ago, and the oldest of too many. */
  evict(now: number): void {
    for (const [process, at] of this.#endedAt) {
      if (now - at < KEEP_MS && this.#endedAt.size <= KEEP_COUNT) return
      this.#endedAt.delete(process)
      // It may have gone on: the first thread of a process can end before the others.
      if (process.exit !== null) this.#forget(process)
    }
  }
}
