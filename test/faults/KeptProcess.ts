import { setTimeout as wait } from 'node:timers/promises'
import { start, type Running } from '../cli/fsflow.js'

/** Milliseconds after which a process that has ended is started again. */
const PAUSE = 100

/** A run of a pipeline file by the real command, started again whenever it ends, as by a service manager. */
export class KeptProcess {
  readonly #file: string
  #running: Running
  #isStopping = false
  #starts = 0
  /** What it said when it ended by itself. */
  #last = ''

  constructor(file: string) {
    this.#file = file
    this.#running = this.#start()
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts
  }

  get last(): string {
    return this.#last
  }

  /** By SIGKILL, so that it can finish nothing. */
  kill(): void {
    this.#running.kill('SIGKILL')
  }

  /** Ends it for good; rejects when it fails then. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#running.kill('SIGTERM')
    const { code, signal, stderr } = await this.#running.ended
    // One that has only just been started again does not take the signal up yet, and has nothing in hand.
    if (code !== 0 && signal === null) throw new Error(`${this.#file} ended with ${code}: ${stderr}`)
  }

  async abandon(): Promise<void> {
    this.#isStopping = true
    this.kill()
    await this.#running.ended
  }

  #start(): Running {
    this.#starts++
    const running = start(['run', this.#file], { prefix: ['setpriv', '--pdeathsig', 'KILL'] })
    void running.ended.then(async ({ signal, stderr }) => {
      if (signal !== 'SIGKILL') this.#last = stderr
      await wait(PAUSE)
      if (!this.#isStopping) this.#running = this.#start()
    })
    return running
  }
}
