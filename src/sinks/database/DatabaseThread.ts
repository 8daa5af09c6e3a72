import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** What failed: SQLITE_... or '', and a message. */
export interface DatabaseFailure {
  readonly code: string
  readonly message: string
}

/** What the thread says to a call. */
export interface DatabaseAnswer {
  readonly value?: unknown
  readonly failure?: DatabaseFailure
}

/** What is sent to have the database closed and the thread ended. */
export const closing = 'close'

/** What SQLite said. */
export class DatabaseError extends Error {
  /** SQLITE_..., or ''. */
  readonly code: string

  constructor({ code, message }: DatabaseFailure) {
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
 * A database on a thread of its own, so that a slow disk or a lock of another program delays nobody but who writes it.
 * One call at a time; the thread answers by `serveCalls`.
 */
export class DatabaseThread<Call> {
  readonly #worker: Worker
  readonly #exit: Promise<unknown>
  readonly #patience: Patience
  #settle: ((answer: DatabaseAnswer) => void) | undefined
  #isOver = false

  /** `data` is what the thread finds as its `workerData`. */
  constructor(worker: URL, data: unknown, patience: Patience) {
    this.#patience = patience
    this.#worker = new Worker(worker, { workerData: data })
    this.#exit = once(this.#worker, 'exit')
    this.#worker.on('message', (answer: DatabaseAnswer) => this.#answered(answer))
    this.#worker.on('error', (error: Error) => this.#answered(failed(error.message)))
    void this.#exit.then(
      () => this.#ended(),
      () => this.#ended(),
    )
  }

  /** Does it, again and again while another program has locked the database. Rejects with a DatabaseError. */
  async call(call: Call): Promise<unknown> {
    const end = performance.now() + this.#patience.timeout
    for (let isFirst = true; ; isFirst = false) {
      const { value, failure } = await this.#ask(call)
      if (failure === undefined) return value
      const isLocked = failure.code === 'SQLITE_BUSY' || failure.code === 'SQLITE_LOCKED'
      if (!isLocked || performance.now() > end) throw new DatabaseError(failure)
      if (isFirst) this.#patience.onLocked()
      await wait(RETRY)
    }
  }

  /** Closes the database, and resolves when its thread has ended. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#worker.postMessage(closing)
    await this.#exit.catch(() => undefined)
  }

  #ask(call: Call): Promise<DatabaseAnswer> {
    if (this.#isOver) return Promise.resolve(failed('its thread has ended'))
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
    this.#answered(failed('its thread has ended'))
  }
}

function failed(message: string): DatabaseAnswer {
  return { failure: { code: '', message } }
}
