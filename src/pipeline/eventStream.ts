import { from, NEVER, Observable } from 'rxjs'
import { operatorInfo, type RunContext, type SourceRequest } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import { FileEvent } from '../events/index.js'
import { nowMicros } from '../linux/clock.js'
import { handleEvents } from '../operators/support/handleEvents.js'
import { operatorFailed } from './operatorFailed.js'
import { Passage, type Step, type StreamEnd } from './Passage.js'
import type { StreamPlan } from './planPipeline.js'
import type { StreamCounters } from './StreamCounters.js'

/** What ends a stream from this side. */
export interface StreamEnds {
  /** Completes the source, so that the operators flush what they hold. */
  readonly giveUp?: Observable<unknown>
  /** Completes the stream as it is. */
  readonly cut?: Observable<unknown>
}

/** Source, operators and, when the source completes, `MONITOR_STOP` as the very last event. */
export function eventStream(
  plan: Pick<StreamPlan, 'source' | 'operators' | 'stages'>,
  request: SourceRequest,
  context: RunContext,
  counters: StreamCounters,
  { giveUp = NEVER, cut = NEVER }: StreamEnds = {},
): Observable<FileEvent> {
  return new Observable<FileEvent>((output) => {
    output.add(cut.subscribe(() => output.complete()))
    try {
      const opened = plan.source.open(context, request)
      // It may come from another copy of rxjs.
      const source = opened instanceof Observable ? opened : from(opened)
      const completed = new Observable<FileEvent>((first) => {
        first.add(giveUp.subscribe(() => first.complete()))
        source.subscribe(first)
      })
      const end = {
        last: () => stopEvent(plan.source.name, counters),
        error: (error: unknown) => nameStage(error, plan, counters),
      }
      withOperators(completed, plan.operators, counters, end).subscribe(output)
    } catch (error) {
      output.error(nameStage(error, plan, counters))
    }
  })
}

/** Counts at each boundary. Operators that follow each other and need no RxJS are done in one go. */
function withOperators(
  source: Observable<FileEvent>,
  operators: StreamPlan['operators'],
  counters: StreamCounters,
  end: StreamEnd,
): Observable<FileEvent> {
  let stream = source
  for (let i = 0; i <= operators.length; i++) {
    if (i > 0) {
      try {
        stream = operators[i - 1]!(stream)
      } catch (error) {
        counters.failedAt ??= i
        throw error
      }
    }
    const boundary = i
    const steps: Step[] = []
    for (; i < operators.length; i++) {
      const info = operatorInfo(operators[i]!)
      if (info.each === undefined && info.after === undefined) break
      steps.push(info)
    }
    const itsEnd = i >= operators.length ? end : undefined
    stream = handleEvents((output) => new Passage(output, counters, boundary, steps, itsEnd))(stream)
  }
  return stream
}

function stopEvent(source: string, counters: StreamCounters): FileEvent {
  counters.added = 1
  counters.kinds.get('MONITOR_STOP')!.count++
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
