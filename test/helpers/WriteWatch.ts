import { basename } from 'node:path'
import type { Issue } from '../../src/contracts/index.js'
import type { EventProcess } from '../../src/events/index.js'
import { fanotify } from '../../src/sources/fanotify.js'
import { sourceRequest } from './SourceProbe.js'
import { until } from './until.js'

/** A file that was written and closed, and who did it. */
export interface Write {
  readonly name: string
  readonly pid: number
  readonly process: EventProcess | undefined
}

/** Watches a directory by fanotify, and follows processes. */
export class WriteWatch {
  readonly #abort = new AbortController()
  readonly #ended: Promise<void>
  #writes: Write[] = []
  #failure: Error | undefined
  #isReady = false

  constructor(directory: string, report: (issue: Issue) => void) {
    const request = sourceRequest({ eventTypes: new Set(['CLOSE_WRITE']), processes: true })
    const stream = fanotify({ paths: directory }).open({ signal: this.#abort.signal, report }, request)
    this.#ended = new Promise((resolve) => {
      stream.subscribe({
        next: ({ filePath, pid, process }) => {
          this.#isReady = true
          if (pid !== undefined) this.#writes.push({ name: basename(filePath), pid, process })
        },
        error: (error: unknown) => {
          this.#failure = error as Error
          resolve()
        },
        complete: resolve,
      })
    })
  }

  /** Waits until nothing can be missed any more. */
  async ready(): Promise<this> {
    await this.until(
      () => this.#isReady,
      () => undefined,
    )
    return this
  }

  /** Tells the writes until the condition holds. */
  async until(condition: () => boolean, onWrite: (write: Write) => void, boundMs = 60_000): Promise<void> {
    await until(
      () => {
        if (this.#failure !== undefined) throw this.#failure
        const writes = this.#writes
        this.#writes = []
        for (const write of writes) onWrite(write)
        return condition()
      },
      () => 'what was waited for',
      boundMs,
    )
  }

  /** Resolves when everything has been released. */
  close(): Promise<void> {
    this.#abort.abort()
    return this.#ended
  }
}
