import { randomUUID } from 'node:crypto'
import { ReplaySubject, Subject } from 'rxjs'
import type { Issue, OwnAct, OwnFile, RunContext, Sink, SinkWriter } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import { messageOf } from '../errors/messageOf.js'
import type { FileEvent } from '../events/index.js'
import { abandonAll } from './abandonAll.js'
import { checkPlan } from './checkPlan.js'
import { Deadline } from './Deadline.js'
import { deliveryOf } from './delivery/deliveryOf.js'
import { openSpool } from './delivery/openSpool.js'
import { eventStream } from './eventStream.js'
import type { Plan } from './planPipeline.js'
import type { RunHandle, RunOptions } from './RunHandle.js'
import { runStats, type RunStats, type RunSummary } from './RunStats.js'
import { runFailure } from './runFailure.js'
import { SinkLane } from './SinkLane.js'
import { streamCounters } from './StreamCounters.js'

// Of the time to stop, what is kept for the sinks when the source does not complete.
const sinkShare = 0.25

// Of what sinks have announced, what a source is told that opens later.
const announcementsKept = 100

/** One run of one plan; see `run`. */
export class PipelineRun implements RunHandle {
  readonly checked: Promise<void>
  readonly ready: Promise<void>
  readonly done: Promise<RunSummary>
  readonly #id = randomUUID()
  readonly #plan: Plan
  readonly #options: RunOptions
  readonly #counters
  readonly #controller = new AbortController()
  readonly #context: RunContext
  readonly #lanes: SinkLane[] = []
  readonly #ownFiles: OwnFile[] = []
  #metrics: { close(): Promise<void> } | undefined
  readonly #announced = new ReplaySubject<OwnFile | OwnAct>(announcementsKept)
  readonly #started = performance.now()
  readonly #deadline = new Deadline()
  /** Completes the source from this side, so that operators flush. */
  readonly #giveUp = new Subject<void>()
  /** Ends the stream as it is. */
  readonly #cut = new Subject<void>()
  readonly #stopped: Promise<void>
  #giveUpTimer: NodeJS.Timeout | undefined
  #isReady = false
  #hasOutput = false
  #setChecked: () => void = () => undefined
  #setReady: () => void = () => undefined
  #failure: { readonly error: unknown } | undefined
  #watches: number | undefined
  #ended: number | undefined

  constructor(plan: Plan, options: RunOptions) {
    this.#plan = plan
    this.#options = options
    this.#counters = streamCounters(plan.stages.length)
    const { signal } = this.#controller
    this.#context = {
      signal,
      report: (issue) => this.#call(() => options.onIssue?.(issue)),
      announce: (own) => this.#announced.next(own),
      ...(options.reopen !== undefined && { reopen: options.reopen }),
      room: () => this.#room(),
      written: () => this.#written(),
    }
    this.#stopped = new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    const checked = new Promise<void>((resolve) => (this.#setChecked = resolve))
    const ready = new Promise<void>((resolve) => (this.#setReady = resolve))
    this.done = this.#execute()
    // Whoever does not wait for these two must not be told of their rejection: `done` tells it.
    this.checked = Promise.race([checked, this.done.then(() => undefined)])
    this.checked.catch(() => undefined)
    this.ready = Promise.race([ready, this.done.then(() => undefined)])
    this.ready.catch(() => undefined)
  }

  stop(timeout: number = this.#plan.pipeline.drainTimeout): Promise<RunSummary> {
    if (this.#ended !== undefined) return this.done
    this.#sampleWatches()
    this.#controller.abort()
    if (this.#deadline.within(timeout)) {
      clearTimeout(this.#giveUpTimer)
      this.#giveUpTimer = setTimeout(() => this.#giveUpSource(), timeout * (1 - sinkShare))
    }
    return this.done
  }

  stats(): RunStats {
    if (this.#ended === undefined) this.#sampleWatches()
    const durationMs = (this.#ended ?? performance.now()) - this.#started
    const run = { ready: this.#isReady, watches: this.#watches, durationMs }
    return runStats(run, this.#plan.stages, this.#counters, this.#lanes)
  }

  async #execute(): Promise<RunSummary> {
    const { signal, onStats, statsInterval } = this.#options
    const onAbort = (): void => void this.stop()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    const ticker =
      onStats && setInterval(() => this.#call(() => onStats(this.stats())), statsInterval ?? 1000).unref()
    try {
      await this.#check()
      this.#metrics = await this.#plan.pipeline.metrics?.open(() => this.stats())
      await this.#openSinks()
      if (!this.#controller.signal.aborted) await this.#stream()
    } catch (error) {
      this.#fail(error)
    }
    // Whatever ended the stream, nothing that a component started for this run may go on.
    this.#controller.abort()
    await this.#drain()
    await this.#metrics?.close()
    clearTimeout(this.#giveUpTimer)
    clearInterval(ticker)
    this.#deadline.clear()
    signal?.removeEventListener('abort', onAbort)
    this.#ended = performance.now()
    if (this.#failure !== undefined) throw runFailure(this.#failure.error, this.#lanes)
    return this.stats()
  }

  async #check(): Promise<void> {
    const check = checkPlan(this.#plan)
    const result = await Promise.race([check, this.#stopped])
    const [first, ...others] = result?.problems ?? []
    for (const error of others) this.#context.report(issueFrom(error))
    if (first !== undefined) throw first
    this.#setChecked()
  }

  async #openSinks(): Promise<void> {
    const { sinks } = this.#plan.pipeline
    for (const sink of sinks) {
      if (this.#controller.signal.aborted) return
      const opening = sink.open(this.#context)
      const writer = await Promise.race([opening, this.#deadline.passed])
      if (writer === undefined) {
        opening.then((late: SinkWriter) => late.close()).catch(() => undefined)
        throw new FsflowError({
          code: 'FSFLOW_DRAIN_TIMEOUT',
          message: `the sink ${sink.name} was still being opened when the run was to end`,
        })
      }
      const lane = await this.#laneOf(sink, writer)
      this.#lanes.push(lane)
      this.#ownFiles.push(...writer.ownFiles)
    }
  }

  async #laneOf(sink: Sink, writer: SinkWriter): Promise<SinkLane> {
    const delivery = deliveryOf(sink, this.#plan.pipeline)
    const report = this.#context.report.bind(this.#context)
    try {
      const spool = await openSpool(sink.name, delivery, report)
      this.#ownFiles.push(...(spool?.ownFiles ?? []))
      const settings = { ...delivery, run: this.#id, spool, spoolFails: delivery.spool?.whenFull === 'fail' }
      const onFull = (error: FsflowError): void => {
        this.#fail(error)
        void this.stop()
      }
      return new SinkLane(sink.name, writer, settings, {
        report,
        onEnd: (lane) => this.#laneEnded(lane),
        onFull,
      })
    } catch (error) {
      await writer.close().catch(() => undefined)
      throw error
    }
  }

  #stream(): Promise<void> {
    const { source, operators } = this.#plan.pipeline
    const plan = { source, operators, stages: this.#plan.stages }
    const request = { ...this.#plan.request, ownFiles: this.#ownFiles, announced: this.#announced }
    void this.#deadline.passed.then(() => {
      if (this.#cut.observed) this.#fail(this.#sourceTimeout())
      this.#cut.next()
    })
    return new Promise((resolve, reject) => {
      const ends = { giveUp: this.#giveUp, cut: this.#cut }
      eventStream(plan, request, this.#context, this.#counters, ends).subscribe({
        next: (event) => this.#deliver(event),
        error: reject,
        complete: resolve,
      })
    })
  }

  #deliver(event: FileEvent): void {
    const isStart = !this.#isReady && event.eventType === 'MONITOR_START'
    if (isStart) {
      this.#isReady = true
      this.#setReady()
    } else if (event.eventType === 'MONITOR_STOP') this.#sampleWatches()
    if (isStart || !this.#hasOutput) {
      this.#hasOutput = true
      const { onStats } = this.#options
      if (onStats !== undefined) this.#call(() => onStats(this.stats()))
    }
    for (const lane of this.#lanes) lane.push(event)
  }

  #room(): Promise<void> | undefined {
    const full = this.#lanes.flatMap((lane) => lane.room() ?? [])
    return full.length === 0 ? undefined : Promise.all(full).then(() => undefined)
  }

  async #written(): Promise<boolean> {
    const written = await Promise.all(this.#lanes.map((lane) => lane.written()))
    return written.every((isWritten) => isWritten)
  }

  #laneEnded(lane: SinkLane): void {
    const alive = this.#lanes.some(({ state }) => state === 'open')
    if (lane.state === 'failed') {
      this.#fail(lane.error)
      if (alive) {
        this.#context.report(
          issueFrom(lane.error, `the sink ${lane.name} failed and gets no further events: `),
        )
      }
    }
    if (!alive) this.#cut.next()
  }

  #giveUpSource(): void {
    if (this.#giveUp.observed) this.#fail(this.#sourceTimeout())
    this.#giveUp.next()
  }

  #sourceTimeout(): FsflowError {
    return new FsflowError({
      code: 'FSFLOW_DRAIN_TIMEOUT',
      message: `the source ${this.#plan.pipeline.source.name} did not stop in time: what it still held is lost`,
      hint: 'Raise the drainTimeout of the pipeline, or --drain-timeout.',
    })
  }

  async #drain(): Promise<void> {
    const open = new Set(this.#lanes)
    const finished = Promise.all(this.#lanes.map((lane) => lane.finish().then(() => open.delete(lane))))
    await Promise.race([finished, this.#deadline.passed])
    if (open.size === 0) return
    const before = new Map([...open].map((lane) => [lane, lane.dropped]))
    await abandonAll(open)
    const losses = [...open].map((lane) => ({ name: lane.name, lost: lane.dropped - before.get(lane)! }))
    const late = losses.filter(({ lost }) => lost > 0)
    const spooled = [...open].every(({ state }) => state === 'spooled')
    if (spooled && late.length === 0) return
    const lost = late.reduce((sum, loss) => sum + loss.lost, 0)
    const list = losses.map((loss) => `${loss.name}: ${loss.lost}`).join(', ')
    const names = losses.map(({ name }) => name).join(', ')
    this.#fail(
      new FsflowError({
        code: 'FSFLOW_DRAIN_TIMEOUT',
        message:
          lost === 0
            ? `the run ended before its sinks had closed, though all was written (${names})`
            : `the run ended before its sinks had finished: ${lost} events were not written (${list})`,
        hint: 'Raise the drainTimeout of the pipeline, or --drain-timeout, or use a faster sink.',
      }),
    )
  }

  // The first failure is the one that the run ends with; a later one would hide its cause.
  #fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /** Calls what the user gave; an exception in it ends the run and is its error. */
  #call(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#fail(error)
      this.#cut.next()
    }
  }

  #sampleWatches(): void {
    this.#watches = this.#plan.pipeline.source.stats?.().watches
  }
}

function issueFrom(error: unknown, before = ''): Issue {
  const message = before + messageOf(error)
  if (!FsflowError.is(error)) return { code: 'FSFLOW_UNEXPECTED', message, cause: error }
  return { code: error.code, message, path: error.path, hint: error.hint, cause: error }
}
