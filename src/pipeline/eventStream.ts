import { catchError, concat, defer, from, of, takeUntil, tap, throwError, type Observable } from 'rxjs'
import type { MonoTypeOperatorFunction } from 'rxjs'
import type { Operator, RunContext, SourceRequest } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import { eventTypes, FileEvent, type EventType } from '../events/index.js'
import { nowMicros } from '../linux/clock.js'
import { operatorFailed } from './operatorFailed.js'
import type { StreamPlan } from './planPipeline.js'

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

/**
 * Source, operators and, when the source completes, `MONITOR_STOP` as the very last event.
 *
 * `giveUp` completes the source from this side, so that the operators flush what they hold.
 */
export function eventStream(
  plan: Pick<StreamPlan, 'source' | 'operators' | 'stages'>,
  request: SourceRequest,
  context: RunContext,
  counters: StreamCounters,
  giveUp: Observable<unknown>,
): Observable<FileEvent> {
  return defer(() => {
    // Through `from`, for the Observable may come from another copy of rxjs.
    let stream = from(plan.source.open(context, request)).pipe(takeUntil(giveUp), countSource(counters))
    plan.operators.forEach((operator, i) => {
      stream = applied(operator, stream, counters, i + 1)
    })
    return concat(
      stream,
      defer(() => of(stopEvent(plan.source.name, counters))),
    )
  }).pipe(catchError((cause: unknown) => throwError(() => nameStage(cause, plan, counters))))
}

function applied(
  operator: Operator,
  stream: Observable<FileEvent>,
  counters: StreamCounters,
  boundary: number,
): Observable<FileEvent> {
  try {
    return operator(stream).pipe(countStage(counters, boundary))
  } catch (error) {
    counters.failedAt ??= boundary
    throw error
  }
}

function countSource(counters: StreamCounters): MonoTypeOperatorFunction<FileEvent> {
  return tap({
    next: (event) => {
      counters.passed[0]!++
      counters.kinds[event.eventType]++
      counters.lastSeq = event.seq
      counters.lastMicros = event.timestampMicros
    },
    error: () => (counters.failedAt ??= 0),
  })
}

function countStage(counters: StreamCounters, boundary: number): MonoTypeOperatorFunction<FileEvent> {
  return tap({
    next: () => counters.passed[boundary]!++,
    error: () => (counters.failedAt ??= boundary),
  })
}

function stopEvent(source: string, counters: StreamCounters): FileEvent {
  counters.added = 1
  counters.kinds.MONITOR_STOP++
  return new FileEvent({
    timestampMicros: Math.max(nowMicros(), counters.lastMicros),
    seq: ++counters.lastSeq,
    eventType: 'MONITOR_STOP',
    filePath: '',
    source,
    controlDetails: { code: 'FSFLOW_MONITOR_STOP', message: 'the stream ends here' },
  })
}

/** Says which operator threw; the exception itself is kept as the cause. */
function nameStage(cause: unknown, plan: Pick<StreamPlan, 'stages'>, counters: StreamCounters): unknown {
  const stage = plan.stages[(counters.failedAt ?? 0) - 1]
  if (stage === undefined || FsflowError.is(cause)) return cause
  return operatorFailed(stage.index, stage.name, cause)
}
