import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RandomWorkOptions } from './randomWork.js'

const program = fileURLToPath(new URL('loadProcess.js', import.meta.url))

/** Processes that work at random in one directory tree, in rounds. */
export class RandomLoad {
  readonly #children: ChildProcess[]
  #stopped = false

  /** The processes start at once, with seeds that follow from the given one, and wait for the first round. */
  constructor(processes: number, work: RandomWorkOptions) {
    this.#children = Array.from({ length: processes }, (_, index) => {
      const options: RandomWorkOptions = { ...work, seed: work.seed * processes + index }
      const child = fork(program, [JSON.stringify(options)], {
        execArgv: [],
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      // Heard by who waits for a round; between two rounds nobody does.
      child.on('error', () => undefined)
      return child
    })
  }

  /** Each process does so many steps. Resolves when all have, or when the load has been stopped. */
  async round(steps: number): Promise<void> {
    await Promise.all(this.#children.map((child) => this.#run(child, steps)))
  }

  /** Ends the processes, in the middle of their work if need be. */
  async stop(): Promise<void> {
    this.#stopped = true
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null)
    await Promise.all(
      running.map((child) => {
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        return ended
      }),
    )
  }

  #run(child: ChildProcess, steps: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        child.off('message', finish)
        child.off('exit', onExit)
        child.off('error', reject)
        resolve()
      }
      const onExit = (code: number | null, signal: string | null): void => {
        if (this.#stopped) finish()
        else reject(new Error(`a process of the load ended with ${code ?? signal ?? 'nothing'}`))
      }
      child.on('message', finish)
      child.on('exit', onExit)
      child.on('error', reject)
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode)
      // That it cannot be sent is told by the end of the process.
      else child.send(steps, () => undefined)
    })
  }
}
