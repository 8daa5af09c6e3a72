import { constants } from 'node:os'

export type SimulatedErrorCode =
  | 'EACCES'
  | 'EBADF'
  | 'EBUSY'
  | 'EEXIST'
  | 'EINVAL'
  | 'EISDIR'
  | 'ELOOP'
  | 'ENAMETOOLONG'
  | 'ENOENT'
  | 'ENOSPC'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'ENXIO'
  | 'EPERM'

const STACK_FRAMES = 6

/** A system call of the simulated filesystem that failed, in the shape of the errors of `node:fs`. */
export class SimulatedError extends Error {
  readonly code: SimulatedErrorCode
  /** The negative number, -2 for ENOENT. */
  readonly errno: number

  constructor(code: SimulatedErrorCode, what: string) {
    // Most are turned into -errno at once, and a long stack, as test runners ask for, costs more than the call.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = Math.min(limit, STACK_FRAMES)
    super(`${code}: ${what}`)
    Error.stackTraceLimit = limit
    this.name = 'SimulatedError'
    this.code = code
    this.errno = -constants.errno[code]
  }
}

/** -errno of a simulated system call that failed, its result otherwise. */
export function resultOrErrno<Result>(call: () => Result): Result | number {
  try {
    return call()
  } catch (error) {
    if (error instanceof SimulatedError) return error.errno
    throw error
  }
}
