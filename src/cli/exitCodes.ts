import { FsflowError } from '../errors/index.js'

/** A run that failed after its checks had passed. */
export class RunFailure extends Error {
  constructor(cause: unknown) {
    super('the run failed', { cause })
  }
}

/** 2 for wrong usage and for a pipeline that cannot be run, 1 for what failed later. */
export function exitCodeOf(error: unknown): number {
  return FsflowError.is(error) ? 2 : 1
}
