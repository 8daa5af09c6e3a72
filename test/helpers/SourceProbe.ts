import type { Subscription } from 'rxjs'
import type { Issue, LookCycles, Source, SourceRequest } from '../../src/contracts/index.js'
import { eventTypes, type EventType, type FileEvent } from '../../src/events/index.js'
import { inotify, type InotifySourceOptions } from '../../src/sources/inotify.js'
import { until } from './until.js'

export interface ProbeOptions {
  readonly request?: Partial<SourceRequest>
  /** False leaves new directories unwatched, as without addWatchOnMkdir(). */
  readonly follow?: boolean
  readonly onEvent?: (event: FileEvent) => void
}

const births: readonly EventType[] = ['CREATE', 'MOVED_TO']

export function sourceRequest(changes: Partial<SourceRequest> = {}): SourceRequest {
  return {
    prune: [],
    eventTypes: new Set(eventTypes),
    resolvePaths: true,
    processes: false,
    ownFiles: [],
    ...changes,
  }
}

/** A running source whose events are kept: inotify, when only its options are given. */
export class SourceProbe {
  readonly events: FileEvent[] = []
  readonly issues: Issue[] = []
  ended: 'no' | 'complete' | 'error' = 'no'
  error: unknown
  readonly #source: Source
  readonly #abort = new AbortController()
  readonly #subscription: Subscription

  constructor(
    options: InotifySourceOptions | Source,
    { request, follow = true, onEvent }: ProbeOptions = {},
  ) {
    const context = { signal: this.#abort.signal, report: (issue: Issue) => this.issues.push(issue) }
    this.#source = 'open' in options ? options : inotify(options)
    this.#subscription = this.#source.open(context, sourceRequest(request)).subscribe({
      next: (event) => {
        this.events.push(event)
        onEvent?.(event)
        if (follow && event.isDirectory && births.includes(event.eventType)) event.origin?.follow()
      },
      complete: () => (this.ended = 'complete'),
      error: (error: unknown) => {
        this.error = error
        this.ended = 'error'
      },
    })
  }

  /** Waits for MONITOR_START. */
  async ready(): Promise<this> {
    await until(
      () => this.ended !== 'no' || this.has('MONITOR_START'),
      () => 'MONITOR_START',
    )
    if (this.ended === 'error') throw this.error
    return this
  }

  has(type: EventType, path?: string): boolean {
    return this.events.some(
      (event) => event.eventType === type && (path === undefined || event.filePath === path),
    )
  }

  async sees(type: EventType, path?: string): Promise<void> {
    await until(
      () => this.has(type, path),
      () => `${type} ${path ?? ''} after ${this.told().slice(-20).join(', ')}`,
    )
  }

  /** Aborts, and waits until the source has ended by itself. All that has happened before is told then. */
  async stop(): Promise<this> {
    this.#abort.abort()
    await this.over()
    return this
  }

  async over(): Promise<void> {
    await until(
      () => this.ended !== 'no',
      () => 'the end of the source',
    )
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe()
  }

  /** The looks at what is polled, when the source tells of them. */
  get looks(): LookCycles | undefined {
    return this.#source.stats?.().looks
  }

  /** Events about files as text, paths relative to `top`: `CREATE a/b`, with `~` before a synthetic one. */
  told(top = ''): string[] {
    return this.events
      .filter(({ isControl }) => !isControl)
      .map(({ eventType, filePath, synthetic }) => {
        const path = top !== '' && filePath.startsWith(top) ? filePath.slice(top.length + 1) : filePath
        return `${synthetic ? '~' : ''}${eventType} ${path}`
      })
  }

  /** The types of the events about the stream, in order. */
  get controls(): EventType[] {
    return this.events.filter(({ isControl }) => isControl).map(({ eventType }) => eventType)
  }
}

/** Starts a source for `use`, which begins at MONITOR_START, and stops it. */
export async function watching(
  options: InotifySourceOptions | Source,
  use: (probe: SourceProbe) => Promise<void> | void,
  probeOptions?: ProbeOptions,
): Promise<SourceProbe> {
  const probe = new SourceProbe(options, probeOptions)
  try {
    await probe.ready()
    await use(probe)
    return await probe.stop()
  } finally {
    probe.unsubscribe()
  }
}
