import { Observable } from 'rxjs'
import type { Issue, SourceStats } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { eventStream } from './eventStream.js'
import { planStream } from './planPipeline.js'
import { makeSource, type WatchSourceName } from './makeSource.js'
import { streamCounters } from './StreamCounters.js'
import { watchOperatorOptions, watchOperators, type WatchOperatorOptions } from './watchOperators.js'

export interface WatchOptions extends WatchOperatorOptions {
  /**
   * `inotify` needs no rights; `fanotify` needs root and tells who did it; `auto` is fanotify where it can be had, else
   * inotify. The options below that only inotify has cannot be given with `fanotify`. Default `inotify`.
   */
  readonly source?: WatchSourceName
  /** How much one mark of fanotify covers; not with `inotify`. Default `auto`. */
  readonly scope?: 'auto' | 'filesystem' | 'mount' | 'tree'
  /** How to reach the kernel. Default `auto`. */
  readonly binding?: 'auto' | 'koffi' | 'node-inotify'
  /** Wait for a path that does not exist, instead of failing. Default false. */
  readonly waitForPath?: boolean
  /** With more directories than watches: `error`, or `poll` the rest. Default `error`. */
  readonly onWatchLimit?: 'error' | 'poll'
  /** Filesystems of which inotify does not see all: `auto` compares them with the disk too. Default `auto`. */
  readonly poll?: 'auto' | 'off'
  /** Milliseconds, at least, from one look at what is polled to the next. Default 2000. */
  readonly pollInterval?: number
  /** Tell what is in the directories that symbolic links lead to, each directory once. Default false. */
  readonly followSymlinks?: boolean
  /** After an overflow: `full` compares with the disk, `off` renews the watches only. Default `full`. */
  readonly repair?: 'full' | 'off'
  /** Aborting it completes the stream: what operators hold is flushed, and `MONITOR_STOP` comes last. */
  readonly signal?: AbortSignal
  /** Called for what went wrong and can be lived with. */
  readonly onIssue?: (issue: Issue) => void
}

/** The stream of `watch`: an Observable that `for await` can read as well. */
export class WatchStream extends Observable<FileEvent> {
  /**
   * Subscribes, and unsubscribes when the loop is left. Events wait in memory, without a bound, while the body
   * of the loop awaits.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<FileEvent, void> {
    // Loaded here, since it loads all of rxjs, of which the start needs a part.
    const { bufferedValuesFrom } = await import('rxjs-for-await')
    // Not eachValueFrom: taking one by one from the head of a long backlog costs its length each time.
    for await (const batch of bufferedValuesFrom(this)) yield* batch
  }
}

const sourceOptions = [
  'binding',
  'waitForPath',
  'onWatchLimit',
  'poll',
  'pollInterval',
  'followSymlinks',
  'repair',
  'scope',
] as const satisfies readonly (keyof WatchOptions)[]

/**
 * Watches directories and files, recursively by default.
 *
 * Cold: each subscription watches anew, emits `MONITOR_START` when every watch is in place, and closes
 * everything when it is unsubscribed. Renames are joined unless `raw` is set.
 *
 * Throws `FSFLOW_INVALID_OPTION` at once for a wrong option; errors with `FSFLOW_PATH_NOT_FOUND`,
 * `FSFLOW_WATCH_LIMIT` and the like when it cannot watch. See inotify(7) and fanotify(7).
 *
 * ```ts
 * for await (const event of watch('src', { exclude: ['node_modules'] })) console.log(event.filePath)
 * ```
 */
export function watch(paths: string | readonly string[], options: WatchOptions = {}): WatchStream {
  return watchWithStats(paths, options).stream
}

/** The stream of `watch`, and how far its source is: of the subscription that was opened last. */
export function watchWithStats(
  paths: string | readonly string[],
  options: WatchOptions,
): { readonly stream: WatchStream; readonly stats: () => SourceStats | undefined } {
  rejectUnknownOptions('watch', options, [
    ...watchOperatorOptions,
    ...sourceOptions,
    'source',
    'signal',
    'onIssue',
  ])
  const { signal, onIssue } = options
  const given: unknown = signal
  if (given !== undefined && !(given instanceof AbortSignal)) {
    throw invalidOption('watch', 'signal', 'is not an AbortSignal')
  }
  if (onIssue !== undefined && typeof onIssue !== 'function') {
    throw invalidOption('watch', 'onIssue', 'is not a function')
  }
  const list = typeof paths === 'string' ? paths : [...paths]
  const source = makeSource(options.source ?? 'inotify', { paths: list, ...givenOf(options) })
  const plan = planStream(source, watchOperators(options))
  const stream = new WatchStream((subscriber) => {
    const context = {
      signal: signal ?? new AbortController().signal,
      report: (issue: Issue) => onIssue?.(issue),
    }
    const counters = streamCounters(plan.stages.length)
    return eventStream(plan, plan.request, context, counters).subscribe(subscriber)
  })
  return { stream, stats: () => source.stats?.() }
}

/** The options of the source that were given. */
function givenOf(options: WatchOptions): Pick<WatchOptions, 'recursive' | (typeof sourceOptions)[number]> {
  const entries = (['recursive', ...sourceOptions] as const).map(
    (option) => [option, options[option]] as const,
  )
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}
