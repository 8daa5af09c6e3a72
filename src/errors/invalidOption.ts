import { FsflowError } from './FsflowError.js'

/** The error for a wrong option: `owner` is the function that took it, `option` its name. */
export function invalidOption(owner: string, option: string, problem: string, hint?: string): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_INVALID_OPTION',
    message: `${owner}: ${option} ${problem}`,
    path: option,
    hint,
  })
}

/** Throws when `options` has a key that `owner` does not know: a misspelt option must never be ignored. */
export function rejectUnknownOptions(owner: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw invalidOption(owner, key, 'is not an option', `The options are: ${known.join(', ')}.`)
    }
  }
}
