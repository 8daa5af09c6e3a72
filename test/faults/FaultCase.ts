import type { Requirement } from '../helpers/requires.js'

/** How much is done: a little of it for every change, all of it for docs/reliability.md. */
export interface Scale {
  readonly kills: number
  readonly events: number
  /** Milliseconds for which a destination is away. */
  readonly outage: number
}

export interface FaultResult {
  /** Events that the source has emitted, over all runs. */
  readonly sent: number
  /** Of those, how many the run had said to be written or on disk. */
  readonly acknowledged: number
  /** Different events in the destination in the end. */
  readonly arrived: number
  /** Events that are there more than once, which at-least-once allows. */
  readonly again: number
  /** Acknowledged ones that are not there, or those that a run lost without counting them. */
  readonly missing: number
  /** Events that were lost and counted, as where that was declared. */
  readonly counted: number
  /** Entries of the destination that are not whole. */
  readonly corrupt: number
  /** Whether the first arrivals are in the order in which a run sent them. */
  readonly inOrder: boolean
  /** Whether received and resumed were written, lost, spooled or queued, whenever that was looked at. */
  readonly addsUp: boolean
}

export interface FaultCase {
  readonly name: string
  /** What it does, for the page. */
  readonly fault: (scale: Scale) => string
  readonly requires: readonly Requirement[]
  readonly run: (scale: Scale) => Promise<FaultResult>
  /** What has to be so in the end, besides that nothing is corrupt and all adds up. Default: nothing is missing or counted. */
  readonly mayLose?: boolean
  /** How much of it is done for every change, where that is not the same as of the others. */
  readonly quick?: Scale
}
