import { messageOf } from '../../errors/messageOf.js'
import { retryAfter } from './retryAfter.js'

export interface PosterSettings {
  readonly url: string
  /** Milliseconds for one request. */
  readonly timeout: number
}

/** A request that was not taken. */
export class PostError extends Error {
  /** True when the same request would get the same answer again. */
  readonly final: boolean
  /** Milliseconds that the answer asks to wait. */
  readonly retryAfter: number

  constructor(message: string, final = false, wait = 0) {
    super(message)
    this.final = final
    this.retryAfter = wait
  }
}

/** Answers after which another attempt makes sense, besides those of 500 and above. */
const passing: ReadonlySet<number> = new Set([408, 425, 429])

/** Sends a request. Rejects with a PostError when it is not answered with success. */
export async function post(
  { url, timeout }: PosterSettings,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    // What is signed for one place must not be sent to another.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
  }).catch((error: unknown) => {
    throw new PostError(problemOf(error, timeout))
  })
  // An answer that ends before its end is an answer.
  await response.body?.cancel().catch(() => undefined)
  if (response.ok) return
  const { status } = response
  const wait = retryAfter(response.headers.get('retry-after'), Date.now())
  throw new PostError(`the answer is ${status}`, status < 500 && !passing.has(status), wait)
}

function problemOf(error: unknown, timeout: number): string {
  if ((error as Error).name === 'TimeoutError') return `there is no answer within ${timeout} ms`
  // fetch says only that it failed; why, is in the cause.
  const { cause } = error as Error
  return cause === undefined ? messageOf(error) : messageOf(cause) || 'the connection failed'
}
