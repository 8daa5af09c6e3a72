import { Minimatch } from 'minimatch'
import { FsflowError, invalidOption } from '../../errors/index.js'
import type { FileEvent, ProcessDetails } from '../../events/index.js'

/** What a process is compared with. A list means any of its entries. */
export interface ProcessCriteria {
  /** The kernel's name of it, at most 15 bytes. */
  readonly name?: string | readonly string[]
  /** A glob for the absolute path of its executable. */
  readonly exe?: string | readonly string[]
  /** User name or number, of the effective user. */
  readonly user?: string | number | readonly (string | number)[]
  readonly pid?: number | readonly number[]
}

type Matchable = Pick<ProcessDetails, 'pid' | 'name' | 'exePath'> &
  Partial<Pick<ProcessDetails, 'uid' | 'username'>>

/** True for a process that meets all criteria. What is not known of a process meets none. */
export type ProcessMatcher = (details: Matchable) => boolean

/** Throws FSFLOW_INVALID_OPTION for a criterion of a wrong type, and when there is none. */
export function processMatcher(
  owner: string,
  criteria: ProcessCriteria,
  known: readonly (keyof ProcessCriteria)[],
): ProcessMatcher {
  const names = listOption(owner, 'name', criteria.name, isText, 'a name')
  const globs = listOption(owner, 'exe', criteria.exe, isText, 'a glob')?.map(compileGlob)
  const users = listOption(owner, 'user', criteria.user, isUser, 'a user name or number')
  const pids = listOption(owner, 'pid', criteria.pid, isPid, 'the number of a process')
  if (known.every((key) => criteria[key] === undefined)) {
    throw invalidOption(owner, 'options', 'names no process', `Give one of: ${known.join(', ')}.`)
  }
  return ({ name, exePath, uid, username, pid }) =>
    (names === undefined || (name !== null && names.includes(name))) &&
    (globs === undefined || (exePath !== null && globs.some((glob) => glob.match(exePath)))) &&
    (pids === undefined || pids.includes(pid)) &&
    (users === undefined ||
      users.some((user) => (typeof user === 'number' ? user === uid : user === username)))
}

/** The process of an event; `null` when it is not known. Throws FSFLOW_INVALID_PIPELINE when nobody has looked. */
export function processOf(owner: string, event: FileEvent): ProcessDetails | null {
  const { processDetails } = event
  if (processDetails !== undefined) return processDetails
  throw new FsflowError({
    code: 'FSFLOW_INVALID_PIPELINE',
    message: `${owner} needs to know who did it, and no operator before it has looked`,
    hint: `Put enrichProcess() before ${owner}.`,
  })
}

function compileGlob(glob: string): Minimatch {
  return new Minimatch(glob, { dot: true })
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isPid = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
const isUser = (value: unknown): value is string | number =>
  isText(value) || (Number.isSafeInteger(value) && (value as number) >= 0)

function listOption<T>(
  owner: string,
  option: string,
  value: unknown,
  isValid: (value: unknown) => value is T,
  what: string,
): readonly T[] | undefined {
  if (value === undefined) return undefined
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw invalidOption(owner, option, 'is empty: nothing could pass')
  return list.map((item, index) => {
    if (isValid(item)) return item
    const place = Array.isArray(value) ? `${option}[${index}]` : option
    throw invalidOption(owner, place, `is not ${what}: ${JSON.stringify(item)}`)
  })
}
