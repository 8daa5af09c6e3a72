import { setTimeout as wait } from 'node:timers/promises'
import type { RunContext } from '../../contracts/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { backOff, retryAfter } from './backOff.js'

export interface PosterSettings {
  readonly url: string
  /** For messages: the URL without what may be secret in it. */
  readonly where: string
  /** Milliseconds for one attempt. */
  readonly timeout: number
  /** Milliseconds for all attempts at one request. */
  readonly retryFor: number
}

interface Answer {
  /** `undefined` when it was taken. */
  readonly problem?: string
  readonly isFinal?: boolean
  readonly asked?: number
}

/** Answers after which another attempt makes sense, besides those of 500 and above. */
const passing: ReadonlySet<number> = new Set([408, 425, 429])

/** Sends requests, each again and again until it is taken. */
export class Poster {
  readonly #settings: PosterSettings
  readonly #context: RunContext
  #isFailing = false

  constructor(settings: PosterSettings, context: RunContext) {
    this.#settings = settings
    this.#context = context
  }

  /**
   * Resolves when the request was answered with success; `headers` is called for each attempt. Rejects when the
   * answer is one that another attempt would not change, or when no attempt was successful for long enough.
   */
  async post(body: string, headers: () => Readonly<Record<string, string>>): Promise<void> {
    const end = performance.now() + this.#settings.retryFor
    for (let attempt = 0; ; attempt++) {
      const { problem, isFinal = false, asked = 0 } = await this.#attempt(body, headers())
      if (problem === undefined) {
        this.#isFailing = false
        return
      }
      if (isFinal) throw new Error(problem)
      const delay = backOff(attempt, asked)
      if (performance.now() + delay > end) throw new Error(`${problem} (attempt ${attempt + 1})`)
      this.#tell(problem)
      // When the run is to stop, its own deadline decides; a wait must not keep the process from ending then.
      await wait(delay, undefined, { ref: !this.#context.signal.aborted })
    }
  }

  async #attempt(body: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const { url, timeout } = this.#settings
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        // What is signed for one place must not be sent to another.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
      })
      await response.body?.cancel()
      if (response.ok) return {}
      const { status } = response
      return {
        problem: `the answer is ${status}`,
        isFinal: status < 500 && !passing.has(status),
        asked: retryAfter(response.headers.get('retry-after'), Date.now()),
      }
    } catch (error) {
      return { problem: problemOf(error, timeout) }
    }
  }

  /** Once, until a request is taken again. */
  #tell(problem: string): void {
    if (this.#isFailing) return
    this.#isFailing = true
    const message = `webhook: ${this.#settings.where}: ${problem}; it is tried again`
    this.#context.report({ code: 'FSFLOW_SINK_WAITS', message })
  }
}

function problemOf(error: unknown, timeout: number): string {
  if ((error as Error).name === 'TimeoutError') return `there is no answer within ${timeout} ms`
  // fetch says only that it failed; why, is in the cause.
  const { cause } = error as Error
  return cause === undefined ? messageOf(error) : messageOf(cause) || 'the connection failed'
}
