import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Job } from './randomWork.js'

const script = fileURLToPath(new URL('./randomWork.js', import.meta.url))

/**
 * Processes that work at random in a tree, all at the same time. They are kept from one work to the next, since to
 * start one takes longer than what it does then.
 */
export class RandomWorkers {
  readonly #processes: readonly ChildProcess[]
  readonly #ready: Promise<unknown>

  constructor(count: number) {
    this.#processes = Array.from({ length: count }, () => fork(script))
    this.#ready = Promise.all(this.#processes.map(answer))
    // Who closes them before that does not wait.
    this.#ready.catch(() => undefined)
  }

  /** Has each of them do its steps, each by a seed of its own. */
  async work(job: Job): Promise<void> {
    // Together, and not one while the others are still to be started.
    await this.#ready
    const { length } = this.#processes
    await Promise.all(
      this.#processes.map((child, index) => {
        child.send({ ...job, seed: job.seed * length + index } satisfies Job)
        return answer(child)
      }),
    )
  }

  close(): void {
    for (const child of this.#processes) if (child.connected) child.disconnect()
  }
}

async function answer(child: ChildProcess): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a process that works at random ended with ${String(code)}`)
  })
  // It is over first, as a rule.
  ended.catch(() => undefined)
  await Promise.race([once(child, 'message', { signal }), ended]).finally(() => over.abort())
}
