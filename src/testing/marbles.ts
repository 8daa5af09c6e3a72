import { inspect, isDeepStrictEqual } from 'node:util'
import { TestScheduler, type RunHelpers } from 'rxjs/testing'
import { FileEvent, type FileEventFields } from '../events/index.js'

/** One line of what a stream did: what `expectObservable` and `expectSubscriptions` compare. */
interface Message {
  readonly frame?: number
  readonly notification?: {
    readonly kind: 'N' | 'E' | 'C'
    readonly value?: unknown
    readonly error?: unknown
  }
  readonly subscribedFrame?: number
  readonly unsubscribedFrame?: number
}

/**
 * Runs a marble test in virtual time, with events compared field by field.
 *
 * `body` gets the helpers of RxJS's `TestScheduler.run`: `hot`, `cold`, `expectObservable`,
 * `expectSubscriptions`, `time`, `flush`. Within it, `asyncScheduler` is virtual, so an operator with a time
 * needs no option to be tested. What `body` returns is returned.
 *
 * Throws an Error with both streams line by line, the differing ones marked and their fields told. It needs no
 * test framework.
 */
export function marbles<T>(body: (helpers: RunHelpers) => T): T {
  return new TestScheduler(assertSame).run(body)
}

function assertSame(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw new Error(explain(actual as readonly Message[], expected as readonly Message[]))
}

function explain(actual: readonly Message[], expected: readonly Message[]): string {
  const lines = ['The stream is not what was expected ("-" expected, "+" received):']
  for (let index = 0; index < Math.max(actual.length, expected.length); index++) {
    const received = actual[index]
    const wanted = expected[index]
    if (isDeepStrictEqual(received, wanted)) {
      lines.push(`    ${messageText(received!)}`)
      continue
    }
    if (wanted !== undefined) lines.push(`  - ${messageText(wanted)}`)
    if (received !== undefined) lines.push(`  + ${messageText(received)}`)
    lines.push(...fieldLines(received?.notification?.value, wanted?.notification?.value))
  }
  return lines.join('\n')
}

function messageText(message: Message): string {
  if (message.notification === undefined) {
    return `subscribed at ${frameText(message.subscribedFrame)}, unsubscribed at ${frameText(message.unsubscribedFrame)}`
  }
  const { kind, value, error } = message.notification
  const what = kind === 'N' ? valueText(value) : kind === 'E' ? `error ${inspect(error)}` : 'complete'
  return `${frameText(message.frame).padStart(6)}  ${what}`
}

function frameText(frame: number | undefined): string {
  return frame === undefined || frame === Infinity ? 'never' : `${frame}ms`
}

function valueText(value: unknown): string {
  if (!(value instanceof FileEvent)) return inspect(value)
  const from = value.oldPath === undefined ? '' : `${value.oldPath} -> `
  const cookie = value.cookie === undefined ? '' : ` #${value.cookie}`
  return `${value.eventType} ${from}${value.filePath}${value.isDirectory ? '/' : ''}${cookie} (seq ${value.seq})`
}

function fieldLines(received: unknown, wanted: unknown): string[] {
  if (!(received instanceof FileEvent) || !(wanted instanceof FileEvent)) return []
  const keys = Object.keys(wanted) as (keyof FileEventFields)[]
  return keys
    .filter((key) => !isDeepStrictEqual(received[key], wanted[key]))
    .map((key) => `      ${key}: expected ${inspect(wanted[key])}, received ${inspect(received[key])}`)
}
