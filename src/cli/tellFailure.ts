import { exitCodeOf, RunFailure } from './exitCodes.js'
import { renderError } from './terminal/renderError.js'

/** Writes to stderr what a command failed with, and returns the exit code for it. */
export function tellFailure(error: unknown, verbose: boolean): number {
  process.stderr.write(renderError(error instanceof RunFailure ? error.cause : error, verbose))
  return exitCodeOf(error)
}
