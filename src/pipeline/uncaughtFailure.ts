import { resolve } from 'node:path'
import { FsflowError } from '../errors/index.js'
import { isError, messageOf } from '../errors/messageOf.js'
import { loadFailed, loadFailure, placeOf } from './loadFailure.js'

/** How an exception came to the process: thrown where nobody catches it, or as a Promise that nobody handles. */
export type UncaughtOrigin = 'uncaughtException' | 'unhandledRejection'

const hints: Readonly<Record<UncaughtOrigin, string>> = {
  uncaughtException:
    'It was thrown in a callback, as of a timer, where nothing can catch it but try and catch.',
  unhandledRejection: 'Put await before the call that gave the Promise, or handle it with catch().',
}

/** What an exception that nobody caught means while a pipeline file is loaded and checked. */
export function uncaughtLoadFailure(error: unknown, origin: UncaughtOrigin, file: string): FsflowError {
  return loadFailure(error, file, resolve(file), hints[origin])
}

/** What an exception that nobody caught means during a run, of the pipeline of `file` if it came from one. */
export function uncaughtFailure(
  error: unknown,
  origin: UncaughtOrigin,
  file: string | undefined,
): FsflowError {
  const place = isError(error) && file !== undefined ? placeOf(error, file, resolve(file)) : undefined
  const before = place === undefined ? '' : `${place}: `
  const isOwn = FsflowError.is(error)
  const kind = isError(error) && !isOwn ? `${error.name}: ` : ''
  const what = isError(error) ? messageOf(error) : `what is not an Error was thrown: ${messageOf(error)}`
  return new FsflowError({
    code: isOwn ? error.code : 'FSFLOW_UNCAUGHT',
    message: before + kind + what,
    path: isOwn ? error.path : place,
    hint: (isOwn ? error.hint : undefined) ?? (file === undefined ? undefined : hints[origin]),
    cause: error,
  })
}

/** What it means that a pipeline file ends the process while it is loaded; to be made where it does so. */
export function exitFailure(code: number | string | undefined, file: string): FsflowError {
  const place = placeOf(new Error('the process ends'), file, resolve(file)) ?? file
  return loadFailed(
    place,
    `ends the process by process.exit(${code ?? ''})`,
    'A pipeline file declares a pipeline and returns; throw an Error to refuse to run.',
  )
}
