import type { Scratch } from '../measure/Scratch.js'

/** Work that people do while something watches. */
export interface Job {
  readonly name: string
  readonly work: string
  /** Why it cannot be done here. */
  readonly missing?: string
  /** Makes what it needs, once. */
  prepare(scratch: Scratch): Promise<PreparedJob>
}

export interface PreparedJob {
  /** Puts into an empty directory what is there before the work. Not measured. */
  place(directory: string): Promise<void>
  /** The work itself. Gives its milliseconds. */
  run(directory: string): Promise<number>
}
