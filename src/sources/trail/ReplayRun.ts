import { setImmediate as turn } from 'node:timers/promises'
import type { Subscriber } from 'rxjs'
import type { RunContext } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { fromWire, type FileEvent } from '../../events/index.js'
import { systemError } from '../../linux/systemError.js'
import { RunEnd } from '../support/RunEnd.js'
import { Pace } from './Pace.js'
import { readLines, type TextLine } from './readLines.js'
import { Retelling } from './Retelling.js'

export interface ReplaySettings {
  /** Absolute. */
  readonly path: string
  /** `Infinity` for as fast as possible. */
  readonly speed: number
  readonly brokenLines: 'skip' | 'fail'
  /** Absolute, the longest first. */
  readonly roots: readonly string[]
}

/** Broken lines that are told one by one; further ones are counted. */
const TOLD_LINES = 20

/** One replay of one file; see `replay`. */
export class ReplayRun {
  readonly #subscriber: Subscriber<FileEvent>
  readonly #context: RunContext
  readonly #settings: ReplaySettings
  readonly #pace: Pace
  readonly #end: RunEnd
  readonly #retelling: Retelling
  #broken = 0

  constructor(subscriber: Subscriber<FileEvent>, context: RunContext, settings: ReplaySettings) {
    this.#subscriber = subscriber
    this.#context = context
    this.#settings = settings
    this.#pace = new Pace(settings.speed)
    this.#retelling = new Retelling({
      source: 'replay',
      message: `replaying ${settings.path}`,
      roots: settings.roots,
      emit: (event) => subscriber.next(event),
    })
    this.#end = new RunEnd(context)
  }

  get ready(): boolean {
    return this.#retelling.ready
  }

  /** Tells all; never rejects. */
  async run(): Promise<void> {
    try {
      await this.#tell()
    } catch (error) {
      if (!this.#end.isReached()) this.#subscriber.error(systemError(error))
    }
    this.#subscriber.complete()
    this.close()
  }

  close(): void {
    this.#end.reach()
  }

  async #tell(): Promise<void> {
    const { signal } = this.#end
    for await (const lines of readLines(this.#settings.path, { signal })) {
      for (const line of lines) await this.#tellLine(line)
      // Others get a turn, also while all is read from memory.
      await turn(undefined, { signal })
    }
    this.#retelling.start()
    const untold = this.#broken - TOLD_LINES
    if (untold > 0) this.#warn(`${this.#settings.path}: ${untold} further lines are left out`, untold)
  }

  async #tellLine(line: TextLine): Promise<void> {
    const event = this.#eventOf(line)
    if (event === undefined) return
    const { timestampMicros } = event
    const { signal } = this.#end
    if (this.#pace.delay(timestampMicros) > 0) await this.#pace.until(timestampMicros, signal)
    this.#retelling.start(timestampMicros)
    if (!this.#retelling.tell(event)) return
    await this.#end.room()
    signal.throwIfAborted()
  }

  #eventOf({ number, text, problem }: TextLine): FileEvent | undefined {
    if (problem !== undefined) {
      this.#breaks(number, problem)
      return undefined
    }
    try {
      return fromWire(JSON.parse(text!))
    } catch (error) {
      this.#breaks(number, messageOf(error), error)
      return undefined
    }
  }

  #breaks(number: number, problem: string, cause?: unknown): void {
    const { path, brokenLines } = this.#settings
    const message = `${path}:${number} is not an event: ${problem}`
    if (brokenLines === 'fail') {
      throw new FsflowError({
        code: 'FSFLOW_INVALID_EVENT',
        message,
        path,
        hint: "Mend or remove the line, or have such lines left out: brokenLines: 'skip', or --broken-lines skip.",
        cause,
      })
    }
    this.#broken++
    if (this.#broken <= TOLD_LINES) this.#warn(`${message}; it is left out`, 1)
  }

  #warn(message: string, lines: number): void {
    this.#context.report({ code: 'FSFLOW_INVALID_EVENT', message, path: this.#settings.path })
    this.#retelling.warn({ code: 'FSFLOW_INVALID_EVENT', message, counts: { lines } })
  }
}
