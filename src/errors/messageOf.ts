import { inspect, types } from 'node:util'
import { FsflowError } from './FsflowError.js'

/** True for an error of any realm: what a test runner runs has an `Error` of its own. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value) || FsflowError.is(value)
}

/** What was thrown, as text: the message of an error, a text as it is, anything else on one line as in code. */
export function messageOf(thrown: unknown): string {
  if (isError(thrown)) return thrown.message
  return typeof thrown === 'string' ? thrown : inspect(thrown, { breakLength: Infinity, compact: true })
}
