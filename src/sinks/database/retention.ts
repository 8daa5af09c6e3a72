import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'
import { parseDuration } from '../../formats/parseDuration.js'

export interface RetainOptions {
  /** How long a row stays, by the time of its event: `'30d'`, `'12h'`, `'90m'`, `'45s'`. Default: for good. */
  readonly age?: string
  /** How many rows stay, the newest. Default: all. */
  readonly rows?: number
}

/** Milliseconds, and a number of rows. */
export interface RetainSettings {
  readonly age: number | undefined
  readonly rows: number | undefined
}

/** Throws FSFLOW_INVALID_OPTION. */
export function retainSettings(owner: string, given: unknown): RetainSettings {
  if (given === undefined) return { age: undefined, rows: undefined }
  if (typeof given !== 'object' || given === null) {
    throw invalidOption(owner, 'retain', 'must be an object', "For example { age: '30d', rows: 1_000_000 }.")
  }
  rejectUnknownOptions(`${owner}: retain`, given, ['age', 'rows'])
  const { age, rows } = given as Readonly<Record<string, unknown>>
  const milliseconds = age === undefined ? undefined : parseDuration(age)
  if (Number.isNaN(milliseconds)) {
    throw invalidOption(owner, 'retain.age', 'is not a time', "Write it as '30d', '12h', '90m' or '45s'.")
  }
  if (rows !== undefined && !(Number.isSafeInteger(rows) && (rows as number) > 0)) {
    throw invalidOption(owner, 'retain.rows', 'must be a whole number, 1 or more')
  }
  return { age: milliseconds, rows: rows as number | undefined }
}
