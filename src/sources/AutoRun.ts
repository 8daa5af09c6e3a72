import { Observable, Subscription, type Subscriber } from 'rxjs'
import type { RunContext, SourceRequest, SourceStats } from '../contracts/index.js'
import { FileEvent } from '../events/index.js'
import { nowMicros } from '../linux/clock.js'
import {
  assignRoots,
  nestedMounts,
  type Assignment,
  type AssignOptions,
  type NestedMount,
} from './support/assignRoots.js'
import { CombinedLooks } from './support/CombinedLooks.js'
import { FanotifyRun, type FanotifyRunOptions } from './FanotifyRun.js'
import { InotifyRun, type InotifyRunOptions } from './InotifyRun.js'

export type AutoRunOptions = AssignOptions & InotifyRunOptions & Pick<FanotifyRunOptions, 'scope'>

type Run = FanotifyRun | InotifyRun

/** One of the runs that make up the stream. */
interface Part {
  /** `undefined` when it could not be opened. */
  run: Run | undefined
  readonly subscription: Subscription
}

/** One subscription to an auto source: a fanotify run, inotify runs for what that does not watch, and one stream. */
export class AutoRun {
  readonly #subscriber: Subscriber<FileEvent>
  readonly #context: RunContext
  readonly #request: SourceRequest
  readonly #options: AutoRunOptions
  readonly #assignment: Assignment
  readonly #parts = new Set<Part>()
  readonly #nested = new Map<string, Part | undefined>()
  readonly #looks = new CombinedLooks()
  #fanotify: FanotifyRun | undefined
  /** Parts that have not told their start yet. */
  #starting = 0
  /** What came before all had started. */
  #early: FileEvent[] | undefined = []
  #seq = 0
  #isClosed = false

  /** Throws an FsflowError when the roots cannot be had. */
  constructor(
    subscriber: Subscriber<FileEvent>,
    context: RunContext,
    request: SourceRequest,
    options: AutoRunOptions,
  ) {
    this.#subscriber = subscriber
    this.#context = context
    // The parts know the paths: what is told is made from several of them.
    this.#request = { ...request, resolvePaths: true }
    this.#options = options
    this.#assignment = assignRoots(options, request)
    const { fanotify, inotify } = this.#assignment
    const nested = nestedMounts(fanotify, options, request)
    this.#starting = (fanotify.length > 0 ? 1 : 0) + (inotify.length > 0 ? 1 : 0) + nested.length
    for (const mount of nested) this.#nested.set(mount.mountPoint, undefined)
    if (fanotify.length > 0) this.#openFanotify(fanotify)
    if (inotify.length > 0) this.#openInotify(inotify)
    for (const mount of nested) this.#openNested(mount, false)
  }

  get stats(): SourceStats {
    const runs = [...this.#parts].flatMap(({ run }) => run ?? [])
    const all = runs.map((run) => [run, run.stats] as const)
    const looks = all.flatMap(([run, stats]) =>
      stats.looks === undefined ? [] : [[run, stats.looks] as const],
    )
    return {
      watches: all.reduce((sum, [, { watches }]) => sum + watches, 0),
      ready: this.#early === undefined,
      ...(looks.length > 0 && { looks: this.#looks.update(new Map(looks)) }),
    }
  }

  close(): void {
    this.#isClosed = true
    for (const part of [...this.#parts]) part.subscription.unsubscribe()
    this.#parts.clear()
  }

  #openFanotify(paths: readonly string[]): void {
    const others = {
      leavesOut: (mountPoint: string) => this.#nested.has(mountPoint),
      mountsChanged: () => this.#mountsChanged(),
    }
    this.#open(
      (subscriber) => {
        const { recursive, waitForPath, backlog, scope } = this.#options
        const options = { paths, recursive, waitForPath, backlog, scope, others }
        this.#fanotify = new FanotifyRun(subscriber, this.#context, this.#request, options)
        return this.#fanotify
      },
      { next: (event) => this.#next(event) },
    )
  }

  #openInotify(paths: readonly string[]): void {
    this.#open(
      (subscriber) => new InotifyRun(subscriber, this.#context, this.#request, { ...this.#options, paths }),
      { next: (event) => this.#next(event) },
    )
  }

  #openNested(mount: NestedMount, isNew: boolean): void {
    const { mountPoint, path, root, relative, reason } = mount
    const prune = this.#request.prune.map(
      (pruner) => (below: string, name: string) => pruner(`${relative}/${below}`, name),
    )
    const request = { ...this.#request, prune }
    const options = { ...this.#options, paths: [path], waitForPath: true, areNew: isNew }
    let hasStarted = false
    const part = this.#open((subscriber) => new InotifyRun(subscriber, this.#context, request, options), {
      next: (event) => {
        if (event.eventType === 'MONITOR_START') hasStarted = true
        if (isNew && event.eventType === 'MONITOR_START') return
        this.#next(insideOf(event, root))
        // Its path leads elsewhere: the mount may have moved with a directory above it.
        if (event.filePath === path && isEndOfRoot(event)) this.#fanotify?.remounted()
      },
      error: (error) => {
        this.#nested.set(mountPoint, undefined)
        const text = error instanceof Error ? error.message : String(error)
        this.#warn('FSFLOW_UNSUPPORTED', path, `${path} is not watched any more: ${text}`)
        if (!hasStarted && !isNew) this.#started()
      },
    })
    this.#nested.set(mountPoint, part)
    this.#warn('FSFLOW_FALLBACK', path, `${path} is watched by inotify, without the process: ${reason}`)
  }

  /** Called while the fanotify run looks at the mounts, before it tells what has gone. */
  #mountsChanged(): void {
    if (this.#isClosed) return
    const now = nestedMounts(this.#assignment.fanotify, this.#options, this.#request)
    const points = new Set(now.map(({ mountPoint }) => mountPoint))
    for (const [mountPoint, part] of [...this.#nested]) {
      if (points.has(mountPoint)) continue
      this.#nested.delete(mountPoint)
      part?.subscription.unsubscribe()
      if (part !== undefined) this.#parts.delete(part)
    }
    for (const mount of now) {
      if (this.#nested.has(mount.mountPoint)) continue
      this.#nested.set(mount.mountPoint, undefined)
      this.#openNested(mount, true)
    }
  }

  /** `error` makes its failure one that the rest survives. */
  #open(
    start: (subscriber: Subscriber<FileEvent>) => Run,
    on: { next: (event: FileEvent) => void; error?: (error: unknown) => void },
  ): Part {
    const part: Part = { run: undefined, subscription: new Subscription() }
    this.#parts.add(part)
    const stream = new Observable<FileEvent>((subscriber) => {
      const run = start(subscriber)
      part.run = run
      return () => run.close()
    })
    const subscription = stream.subscribe({
      next: on.next,
      error: (error: unknown) => {
        this.#parts.delete(part)
        if (on.error === undefined) this.#fail(error)
        else on.error(error)
      },
      complete: () => {
        this.#parts.delete(part)
        if (this.#parts.size === 0 && !this.#isClosed) this.#subscriber.complete()
      },
    })
    part.subscription.add(subscription)
    return part
  }

  #next(event: FileEvent): void {
    if (event.eventType === 'MONITOR_START') this.#started()
    else if (this.#early !== undefined) this.#early.push(event)
    else this.#emit(event)
  }

  #started(): void {
    if (--this.#starting > 0 || this.#early === undefined) return
    const early = this.#early
    this.#early = undefined
    const { watches } = this.stats
    this.#emit(
      new FileEvent({
        timestampMicros: nowMicros(),
        seq: 0,
        eventType: 'MONITOR_START',
        filePath: '',
        source: this.#fanotify === undefined ? 'inotify' : 'fanotify',
        controlDetails: {
          code: 'FSFLOW_MONITOR_START',
          message: this.#startText(watches),
          counts: { watches },
        },
      }),
    )
    for (const event of early) this.#emit(event)
  }

  #startText(watches: number): string {
    const { fanotify, reasons } = this.#assignment
    if (fanotify.length === 0) {
      const why = [...new Set(reasons.map(({ reason }) => reason))].join('; ')
      return `watching ${count(watches, 'directory', 'directories')} by inotify: ${why}`
    }
    const others = reasons.length + this.#nested.size
    const beside =
      others === 0 ? '' : `, and ${count(others, 'root or mount', 'roots and mounts')} by inotify`
    return `watching ${count(fanotify.length, 'root', 'roots')} by fanotify${beside}`
  }

  /** Its numbers are those of one stream. */
  #emit(event: FileEvent): void {
    const seq = ++this.#seq
    this.#subscriber.next(event.seq === seq ? event : event.with({ seq }))
  }

  #warn(code: string, path: string, message: string): void {
    this.#context.report({ code, message, path })
    const event = { timestampMicros: nowMicros(), seq: 0, eventType: 'WARNING', filePath: path } as const
    this.#next(new FileEvent({ ...event, source: 'inotify', controlDetails: { code, message } }))
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return
    this.close()
    this.#subscriber.error(error)
  }
}

function isEndOfRoot({ eventType }: FileEvent): boolean {
  return eventType === 'DELETE_SELF' || eventType === 'MOVE_SELF'
}

/** An event of a mount below a root, as one of the root's. */
function insideOf(event: FileEvent, root: string): FileEvent {
  if (event.isControl) return event
  return isEndOfRoot(event) ? event.with({ root, eventType: 'DELETE' }) : event.with({ root })
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}
