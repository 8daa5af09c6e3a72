import type { Scratch } from '../measure/Scratch.js'
import type { Table } from '../report/results.js'

/** How much a run does. */
export interface BenchContext {
  readonly scratch: Scratch
  readonly rounds: number
  /** Kernel events of one load. */
  readonly events: number
  /** Sizes of trees, in directories. */
  readonly trees: readonly number[]
  readonly idleSeconds: number
  readonly isQuick: boolean
}

export interface BenchCase {
  readonly name: string
  readonly title: string
  run(context: BenchContext): Promise<Table>
}
