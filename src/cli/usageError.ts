import { FsflowError } from '../errors/index.js'

/** The error for wrong arguments. */
export function usageError(problem: string, hint = 'See fsflow --help.'): FsflowError {
  return new FsflowError({ code: 'FSFLOW_USAGE', message: problem.replace(/\s*\n\s*/g, ' '), hint })
}

/** The value of an option that may be given once; the parser makes a list of one that is given twice. */
export function single<T>(option: string, value: T | readonly T[] | undefined): T | undefined {
  if (!Array.isArray(value)) return value as T | undefined
  throw usageError(`--${option} is given more than once`)
}

/** The value of an option that is a whole number within bounds, and may be given once. */
export function wholeNumber(
  option: string,
  given: string | readonly string[] | undefined,
  min: number,
  max: number,
): number | undefined {
  const text = single(option, given)
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw usageError(`--${option}: "${text}" is not a whole number from ${min} to ${max}`)
}

/** The arguments behind `--`, which may begin with a dash. */
export function behindDashes(args: object): string[] {
  const list = (args as { readonly '--'?: readonly unknown[] })['--'] ?? []
  return list.map(String)
}

/** Throws unless the value is one of those listed. */
export function oneOf<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  throw usageError(`--${option}: there is no "${value}"`, `There is: ${choices.join(', ')}.`)
}
