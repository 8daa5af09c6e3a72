import { FsflowError } from '../errors/index.js'
import { isError, messageOf } from '../errors/messageOf.js'

/** The error for an operator that threw: its exception as it is, with the entry in front. */
export function operatorFailed(index: number, name: string, cause: unknown, hint?: string): FsflowError {
  const entry = `operators[${index}]`
  const isOwn = FsflowError.is(cause)
  const kind = isError(cause) && !isOwn ? `${cause.name}: ` : ''
  return new FsflowError({
    code: isOwn ? cause.code : 'FSFLOW_OPERATOR_FAILED',
    message: `${entry} (${name}) failed: ${kind}${messageOf(cause)}`,
    path: entry,
    hint: isOwn ? (cause.hint ?? hint) : hint,
    cause,
  })
}
