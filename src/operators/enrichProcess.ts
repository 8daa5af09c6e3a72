import { defaultIfEmpty, map, of, take, type Observable } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import {
  eventGroups,
  parseTimestamp,
  type EventType,
  type FileEvent,
  type ProcessDetails,
} from '../events/index.js'
import { procfsLookup, type ProcessLookup, type UnknownProcess } from '../linux/processLookup.js'
import { costlyProcessFields, type CostlyProcessField } from '../linux/procfsDetails.js'
import { enrichEach } from './support/enrichEach.js'
import { optionObject, requireBoolean } from './support/optionChecks.js'

export interface EnrichProcessOptions {
  /** Where the kernel does not say who did it, look who holds the file open. Default false. */
  readonly infer?: boolean
  /** Costly fields to read too, such as `cpuUsage` or `environment`. Default none. */
  readonly fields?: readonly CostlyProcessField[]
  /** Where the facts come from. Default /proc, at once. */
  readonly lookup?: ProcessLookup
}

type Answer = ProcessDetails | UnknownProcess

const access: ReadonlySet<EventType> = new Set<EventType>(eventGroups.access)
const goneTypes: ReadonlySet<EventType> = new Set<EventType>([
  'DELETE',
  'MOVED_FROM',
  'DELETE_SELF',
  'MOVE_SELF',
])

// The start of a process and the time of an event are measured by two clocks.
const TOLERANCE_MICROS = 1_000_000

/**
 * Adds `processDetails`: who did it; `null`, with the reason in `processUnknown`, when that is not known.
 *
 * ```
 * source:          --a-----b--|    a: MODIFY /x, by process 7    b: MODIFY /y, by nobody that is known
 * lookup:            --p|          p: details of process 7
 * enrichProcess()
 * result:          ----A---B--|    A: a with p                   B: b with null and a reason
 * ```
 *
 * The `fanotify` source follows processes when this operator asks for them: what they were at the event is told, with
 * the resolution `live`, or `cache` for those that have ended. Of a source that gives only the number, the details
 * come from /proc; a process that has ended by then, or whose number has gone to another one, is not known. Where the
 * source does not know who it was (`inotify`), nothing is known unless `infer` is set: then the one process that holds
 * the file open, for writing where the event is a change, is told with the resolution `open-files`. That is inferred,
 * not proven, and misses whoever has closed the file. fsflow itself is never inferred.
 *
 * Values of environment variables whose names look like secrets are `[redacted]`. An event that has details keeps
 * them, and control events pass at once. The order is kept. On complete, waiting events are looked up and emitted;
 * on error and unsubscribe they are dropped. An error of `lookup` ends the stream. Throws FSFLOW_INVALID_OPTION.
 * See proc(5).
 */
export function enrichProcess(options: EnrichProcessOptions = {}): Operator {
  optionObject('enrichProcess', options)
  rejectUnknownOptions('enrichProcess', options, ['infer', 'fields', 'lookup'])
  const { infer = false, fields = [] } = options
  requireBoolean('enrichProcess', 'infer', infer)
  requireFields(fields)
  const lookup = requireLookup(options) ?? procfsLookup({ fields })

  const find = (event: FileEvent): Observable<Answer> => {
    if (event.pid !== undefined) {
      const known = event.process
      if (known !== undefined) return lookup.byPid(event.pid, known)
      if (event.pid > 0) return lookup.byPid(event.pid).pipe(map((answer) => sameProcess(answer, event)))
      return of({ unknown: 'the kernel does not show it: it belongs to another user or namespace' })
    }
    if (!infer) return of({ unknown: `the ${event.source} source does not tell who did it` })
    if (goneTypes.has(event.eventType)) return of({ unknown: 'the file is gone' })
    const reads = access.has(event.eventType)
    if (event.isDirectory && !reads) return of({ unknown: 'who changes a directory does not hold it open' })
    return lookup.byOpenFile(event.filePath, event.filePathBytes, !reads)
  }

  return describeOperator(
    {
      name: 'enrichProcess',
      options: { infer, ...(fields.length > 0 && { fields }) },
      needsPath: infer,
      needsProcess: true,
      transparent: true,
      needsTypes: (wanted) => wanted,
    },
    enrichEach((event) => {
      if (event.processDetails !== undefined) return of(event)
      return find(event).pipe(
        take(1),
        defaultIfEmpty<Answer, Answer>({ unknown: 'the lookup has no answer' }),
        map((answer) =>
          'unknown' in answer
            ? event.with({ processDetails: null, processUnknown: answer.unknown })
            : event.with({ processDetails: answer }),
        ),
      )
    }),
  )
}

/** The number of a process that has ended may have gone to another one, which did not do it. */
function sameProcess(answer: Answer, event: FileEvent): Answer {
  if ('unknown' in answer || answer.startTime === null) return answer
  const late = parseTimestamp(answer.startTime) > event.timestampMicros + TOLERANCE_MICROS
  return late ? { unknown: 'exited; its number has gone to another process' } : answer
}

function requireFields(fields: unknown): void {
  const hint = `The fields are: ${costlyProcessFields.join(', ')}.`
  if (!Array.isArray(fields)) throw invalidOption('enrichProcess', 'fields', 'must be a list', hint)
  for (const [index, field] of fields.entries()) {
    if ((costlyProcessFields as readonly unknown[]).includes(field)) continue
    throw invalidOption(
      'enrichProcess',
      `fields[${index}]`,
      `is no such field: ${JSON.stringify(field)}`,
      hint,
    )
  }
}

function requireLookup({ lookup, fields }: EnrichProcessOptions): ProcessLookup | undefined {
  if (lookup === undefined) return undefined
  const given = lookup as Partial<ProcessLookup> | null
  if (typeof given?.byPid !== 'function' || typeof given.byOpenFile !== 'function')
    throw invalidOption('enrichProcess', 'lookup', 'must have byPid and byOpenFile')
  if (fields === undefined) return lookup
  throw invalidOption('enrichProcess', 'fields', 'is for the default lookup', 'Leave out fields or lookup.')
}
