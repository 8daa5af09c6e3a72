import { FsflowError } from '../errors/index.js'

/** The error for a wrong entry of a pipeline: `entry` is where it stands, such as `operators[2]`. */
export function invalidPipeline(entry: string, problem: string, hint?: string, cause?: unknown): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_INVALID_PIPELINE',
    message: `${entry} ${problem}`,
    path: entry,
    hint,
    cause,
  })
}
