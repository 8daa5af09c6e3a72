import { eventTypes, type EventType } from '../events/index.js'

/** What `eventStream` counts. One number for each boundary: `passed[0]` left the source, `passed[i]` stage i-1. */
export interface StreamCounters {
  readonly passed: number[]
  /** How many of each type left the source. A Map: to count in an object by so many keys takes three times as long. */
  readonly kinds: ReadonlyMap<EventType, { count: number }>
  /** 1 when `MONITOR_STOP` was added, which passes no stage. */
  added: number
  lastSeq: number
  lastMicros: number
  /** The boundary at which an error was seen first. */
  failedAt: number | undefined
}

export function streamCounters(stages: number): StreamCounters {
  const passed = new Array<number>(stages + 1).fill(0)
  const kinds = new Map(eventTypes.map((type) => [type, { count: 0 }]))
  return { passed, kinds, added: 0, lastSeq: -1, lastMicros: 0, failedAt: undefined }
}
