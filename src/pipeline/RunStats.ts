import type { LaneState, SinkLane } from './SinkLane.js'
import type { PlanStage } from './planPipeline.js'
import type { StreamCounters } from './StreamCounters.js'

export interface StageStats {
  readonly name: string
  /** Events it took. */
  readonly in: number
  /** Events it let through or made. */
  readonly out: number
}

export interface SinkStats {
  readonly name: string
  readonly delivered: number
  /** Events that were lost to this sink. */
  readonly dropped: number
  readonly state: LaneState
}

/** What a run has done so far. */
export interface RunStats {
  /** True once `MONITOR_START` has been seen. */
  readonly ready: boolean
  /** Events of the source, control events and `MONITOR_STOP` included. */
  readonly events: number
  /** Events that the operators left out or merged into others. Nothing is lost by it. */
  readonly filtered: number
  /** Events that were lost, over all sinks. */
  readonly dropped: number
  /** Directories under watch; `undefined` when the source does not say. */
  readonly watches: number | undefined
  readonly durationMs: number
  readonly stages: readonly StageStats[]
  readonly sinks: readonly SinkStats[]
}

/** What a run has done, when it has ended. */
export type RunSummary = RunStats

export function runStats(
  run: Pick<RunStats, 'ready' | 'watches' | 'durationMs'>,
  planned: readonly PlanStage[],
  { passed, added }: StreamCounters,
  lanes: readonly SinkLane[],
): RunStats {
  const stages = planned.map(({ name }, i) => ({ name, in: passed[i]!, out: passed[i + 1]! }))
  return {
    ...run,
    events: passed[0]! + added,
    filtered: stages.reduce((sum, stage) => sum + Math.max(0, stage.in - stage.out), 0),
    dropped: lanes.reduce((sum, lane) => sum + lane.dropped, 0),
    stages,
    sinks: lanes.map(({ name, delivered, dropped, state }) => ({ name, delivered, dropped, state })),
  }
}
