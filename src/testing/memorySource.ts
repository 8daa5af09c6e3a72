import { concat, defer, EMPTY, filter, from, fromEvent, isObservable, map, NEVER, of, takeUntil } from 'rxjs'
import type { Observable } from 'rxjs'
import type { Source } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { fileEvent } from './fileEvent.js'

export interface MemorySourceOptions {
  /** Default `memory`. */
  readonly name?: string
  /** Whether the stream ends with its events, instead of when the run is stopped. Default false. */
  readonly complete?: boolean
}

/**
 * A source for tests of pipelines: emits `MONITOR_START`, then the events that it is given, a list or an Observable.
 *
 * It numbers them anew, as every source has to. A `MONITOR_START` or `MONITOR_STOP` among them is left out, so that
 * what a `memorySink` has kept can be told again. The stream completes when the run is stopped, with `complete` also
 * when the events are over. An error of the Observable is that of the source. Throws FSFLOW_INVALID_OPTION.
 *
 *     const source = memorySource([fileEvent('CREATE /a')], { complete: true })
 *     await run(definePipeline({ ...pipeline, source, sinks: [sink] })).done
 */
export function memorySource(
  events: Iterable<FileEvent> | Observable<FileEvent>,
  options: MemorySourceOptions = {},
): Source {
  rejectUnknownOptions('memorySource', options, ['name', 'complete'])
  const { name = 'memory', complete = false } = options
  if (typeof (name as unknown) !== 'string' || name === '') {
    throw invalidOption('memorySource', 'name', 'must be a text')
  }
  if (typeof (complete as unknown) !== 'boolean') {
    throw invalidOption('memorySource', 'complete', 'must be a boolean')
  }
  // A copy, for an iterator can be gone through once only.
  const given = isObservable(events) ? events : listOf(events)
  return {
    name,
    providesPaths: true,
    check() {
      const what = isObservable(given) ? 'the events of an Observable' : `${given.length} given events`
      return Promise.resolve({ lines: [`tells ${what}`], problems: [] })
    },
    open: ({ signal }) =>
      defer(() => {
        const told = from(given).pipe(filter(({ eventType }) => !borders.has(eventType)))
        return concat(of(startOf(name)), told, complete ? EMPTY : NEVER).pipe(
          map((event, index) => event.with({ seq: index + 1 })),
          takeUntil(signal.aborted ? of(true) : fromEvent(signal, 'abort')),
        )
      }),
  }
}

const borders: ReadonlySet<string> = new Set(['MONITOR_START', 'MONITOR_STOP'])

function listOf(events: unknown): readonly FileEvent[] {
  const isIterable = typeof events === 'object' && events !== null && Symbol.iterator in events
  if (isIterable) return [...(events as Iterable<FileEvent>)]
  throw invalidOption(
    'memorySource',
    'events',
    'must be a list or an Observable of events',
    "For example memorySource([fileEvent('CREATE /a')]).",
  )
}

function startOf(source: string): FileEvent {
  return fileEvent('MONITOR_START', {
    source,
    controlDetails: { code: 'FSFLOW_MONITOR_START', message: 'the events of a test follow' },
  })
}
