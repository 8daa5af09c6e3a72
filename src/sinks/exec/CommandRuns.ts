import type { Issue } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { escapeControls } from '../../formats/index.js'
import { Command, type CommandEnd } from './Command.js'

export interface RunSettings {
  readonly command: readonly string[]
  /** Milliseconds, `Infinity` for none. */
  readonly timeout: number
}

/** A command that could not be started. */
export class NotStarted extends Error {}

/** Runs a command for lists of events and tells what became of it. */
export class CommandRuns {
  readonly #settings: RunSettings
  readonly #report: (issue: Issue) => void
  #current: Command | undefined
  /** All that run, and whether they are to be ended on purpose. */
  readonly #running = new Map<Command, 'running' | 'ending'>()
  #ended: Promise<void> = Promise.resolve()
  #skipped = 0

  constructor(settings: RunSettings, report: (issue: Issue) => void) {
    this.#settings = settings
    this.#report = report
  }

  /** Runs it to its end. Rejects with NotStarted. */
  async run(events: readonly FileEvent[]): Promise<void> {
    const command = this.#start(events)
    this.#told(await command.ended, command)
  }

  /**
   * Runs it for one event after the other, `concurrency` at a time, until it cannot be started. Resolves to how many
   * events there are from the first for which it could not: for some of them it may have been run.
   */
  async runEach(events: readonly FileEvent[], concurrency: number): Promise<number> {
    let next = 0
    let failed = events.length
    const work = async (): Promise<void> => {
      while (next < events.length && failed === events.length) {
        const index = next++
        await this.run([events[index]!]).catch(() => (failed = Math.min(failed, index)))
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, events.length) }, work))
    return events.length - failed
  }

  /** Ends the run that is under way, if there is one, and then starts another, which is not waited for. */
  async restart(events: readonly FileEvent[]): Promise<void> {
    this.end()
    await this.#ended
    this.#leave(events)
  }

  /** Starts a run that is not waited for, unless one is under way: then the events are left out. */
  runOrSkip(events: readonly FileEvent[]): void {
    if (this.#current === undefined) this.#leave(events)
    else this.skip(events.length)
  }

  /** Ends all that run, which is then no failure of theirs. */
  end(): void {
    for (const command of this.#running.keys()) {
      this.#running.set(command, 'ending')
      command.stop()
    }
  }

  /** Counts events that are left out, to be told by `tellSkipped`. */
  skip(count: number): void {
    this.#skipped += count
  }

  tellSkipped(why: string): void {
    if (this.#skipped === 0) return
    const events = this.#skipped === 1 ? '1 event' : `${this.#skipped} events`
    this.#skipped = 0
    this.#report({
      code: 'FSFLOW_EXEC',
      message: `exec: ${events} came ${why}, and ${this.#name()} was not run for it`,
    })
  }

  /** Resolves when no run is under way. */
  settled(): Promise<void> {
    return this.#ended
  }

  #start(events: readonly FileEvent[]): Command {
    const command = new Command(this.#settings.command, events, this.#settings.timeout)
    this.#running.set(command, 'running')
    return command
  }

  #leave(events: readonly FileEvent[]): void {
    const command = this.#start(events)
    this.#current = command
    this.#ended = command.ended.then((end) => {
      this.#current = undefined
      try {
        this.#told(end, command)
      } catch (error) {
        this.#report({ code: 'FSFLOW_EXEC', message: (error as Error).message })
      }
      this.tellSkipped('while it ran')
    })
  }

  #told({ error, code, signal, timedOut }: CommandEnd, command: Command): void {
    const isOnPurpose = this.#running.get(command) === 'ending'
    this.#running.delete(command)
    if (error !== undefined) throw new NotStarted(`${this.#name()} cannot be started: ${error.message}`)
    if ((code === 0 && !timedOut) || isOnPurpose) return
    const how = timedOut
      ? `did not end within ${this.#settings.timeout} ms, and was ended`
      : signal === null
        ? `ended with code ${code}`
        : `was ended by ${signal}`
    this.#report({ code: 'FSFLOW_EXEC', message: `exec: ${this.#name()} ${how}` })
  }

  #name(): string {
    return escapeControls(this.#settings.command.join(' '))
  }
}
