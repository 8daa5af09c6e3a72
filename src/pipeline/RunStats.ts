import type { EventType } from '../events/index.js'
import type { CircuitState } from './delivery/Circuit.js'
import type { LaneState } from './delivery/LaneSettings.js'
import type { SinkLane } from './SinkLane.js'
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
  /**
   * Events that came to it, the warnings included that stand for dropped ones. With `resumed` they are what was
   * delivered, dropped, spooled and is queued, unless the reader of the sink has gone away.
   */
  readonly received: number
  readonly delivered: number
  /** Events that were lost to this sink. */
  readonly dropped: number
  /** Events that are kept on disk for it now. */
  readonly spooled: number
  /** Events that were on disk when the run began, from earlier ones. */
  readonly resumed: number
  /** Events in memory that wait or are being written. */
  readonly queued: number
  /** Attempts to write that followed one that had failed. */
  readonly retries: number
  /** `open` or `half-open` while the sink fails again and again. */
  readonly circuit: CircuitState
  /** Milliseconds from the time of the oldest event of the batch written last until it was written. */
  readonly lagMs: number | undefined
  readonly state: LaneState
}

/** What a run has done so far. */
export interface RunStats {
  /** True once `MONITOR_START` has been seen. */
  readonly ready: boolean
  /** Events of the source, control events and `MONITOR_STOP` included. */
  readonly events: number
  /** How many of each type, of those of the source. */
  readonly kinds: Readonly<Partial<Record<EventType, number>>>
  /** Events that the operators left out or merged into others. Nothing is lost by it. */
  readonly filtered: number
  /** Events that were lost, over all sinks. */
  readonly dropped: number
  /** Events that are kept on disk, over all sinks. */
  readonly spooled: number
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
  { passed, added, kinds }: StreamCounters,
  lanes: readonly SinkLane[],
): RunStats {
  const stages = planned.map(({ name }, i) => ({ name, in: passed[i]!, out: passed[i + 1]! }))
  return {
    ...run,
    events: passed[0]! + added,
    kinds: Object.fromEntries([...kinds].flatMap(([type, { count }]) => (count > 0 ? [[type, count]] : []))),
    filtered: stages.reduce((sum, stage) => sum + Math.max(0, stage.in - stage.out), 0),
    dropped: lanes.reduce((sum, lane) => sum + lane.dropped, 0),
    spooled: lanes.reduce((sum, lane) => sum + lane.spooled, 0),
    stages,
    sinks: lanes.map(sinkStats),
  }
}

function sinkStats(lane: SinkLane): SinkStats {
  const { name, received, delivered, dropped, spooled, resumed, pending, retries, circuit, lagMs, state } =
    lane
  return {
    name,
    received,
    delivered,
    dropped,
    spooled,
    resumed,
    queued: pending,
    retries,
    circuit,
    lagMs,
    state,
  }
}
