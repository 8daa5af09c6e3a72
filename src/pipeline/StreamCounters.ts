import { eventTypes, type EventType } from '../events/index.js'

/** What `eventStream` counts. One number for each boundary: `passed[0]` left the source, `passed[i]` stage i-1. */
export interface StreamCounters {
  readonly passed: number[]
  /** How many of each type left the source. */
  readonly kinds: Record<EventType, number>
  /** 1 when `MONITOR_STOP` was added, which passes no stage. */
  added: number
  lastSeq: number
  lastMicros: number
  /** The boundary at which an error was seen first. */
  failedAt: number | undefined
}

export function streamCounters(stages: number): StreamCounters {
  const passed = new Array<number>(stages + 1).fill(0)
  const kinds = Object.fromEntries(eventTypes.map((type) => [type, 0])) as Record<EventType, number>
  return { passed, kinds, added: 0, lastSeq: -1, lastMicros: 0, failedAt: undefined }
}
