import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { EventRow, Retention } from './EventsWriter.js'

/** What the thread is given at its start. */
export interface DatabaseData {
  readonly path: string
  readonly run: string
}

export type DatabaseCall =
  | { readonly do: 'open' | 'close' }
  | { readonly do: 'write'; readonly rows: readonly EventRow[] }
  | { readonly do: 'retain'; readonly retention: Retention }

/** What failed, or `undefined`. */
export type DatabaseAnswer = { readonly code: string; readonly message: string } | undefined

/** What SQLite said. */
export class DatabaseError extends Error {
  /** SQLITE_..., or ''. */
  readonly code: string

  constructor({ code, message }: NonNullable<DatabaseAnswer>) {
    super(message)
    this.code = code
  }
}

/** Milliseconds from one attempt to the next at a database that another program has locked. */
const RETRY = 50

export interface Patience {
  /** Milliseconds for which a lock of another program is waited for. */
  readonly timeout: number
  /** Called once, when there is such a lock. */
  readonly onLocked: () => void
}

/**
 * A database of events on a thread of its own, so that a slow disk or a lock of another program delays nobody but
 * the sink. One call at a time.
 */
export class DatabaseThread {
  readonly #worker: Worker
  readonly #exit: Promise<unknown>
  readonly #patience: Patience
  #settle: ((answer: DatabaseAnswer) => void) | undefined
  #isOver = false

  constructor(data: DatabaseData, patience: Patience) {
    this.#patience = patience
    this.#worker = new Worker(new URL('./databaseWorker.js', import.meta.url), { workerData: data })
    this.#exit = once(this.#worker, 'exit')
    this.#worker.on('message', (answer: DatabaseAnswer) => this.#answered(answer))
    this.#worker.on('error', (error: Error) => this.#answered({ code: '', message: error.message }))
    void this.#exit.then(
      () => this.#ended(),
      () => this.#ended(),
    )
  }

  /** Does it, again and again while another program has locked the database. Rejects with a DatabaseError. */
  async call(call: DatabaseCall): Promise<void> {
    const end = performance.now() + this.#patience.timeout
    for (let isFirst = true; ; isFirst = false) {
      const failure = await this.#ask(call)
      if (failure === undefined) return
      const isLocked = failure.code === 'SQLITE_BUSY' || failure.code === 'SQLITE_LOCKED'
      if (!isLocked || performance.now() > end) throw new DatabaseError(failure)
      if (isFirst) this.#patience.onLocked()
      await wait(RETRY)
    }
  }

  /** Closes the database, and resolves when its thread has ended. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#worker.postMessage({ do: 'close' } satisfies DatabaseCall)
    await this.#exit.catch(() => undefined)
  }

  #ask(call: DatabaseCall): Promise<DatabaseAnswer> {
    if (this.#isOver) return Promise.resolve({ code: '', message: 'its thread has ended' })
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#worker.postMessage(call)
    })
  }

  #answered(answer: DatabaseAnswer): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(answer)
  }

  #ended(): void {
    this.#isOver = true
    this.#answered({ code: '', message: 'its thread has ended' })
  }
}
