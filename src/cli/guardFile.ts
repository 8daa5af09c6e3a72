import { setTimeout as wait } from 'node:timers/promises'
import { exitFailure, loadPipeline, uncaughtLoadFailure, type Pipeline } from '../pipeline/index.js'
import { tellFailure } from './tellFailure.js'
import { onUncaught } from './uncaught.js'

interface GuardOptions {
  readonly file: string
  readonly verbose: boolean
}

/** Loads a pipeline file; what it has started without waiting for it, and what fails at once, counts as well. */
export async function loadGuarded(file: string): Promise<Pipeline> {
  const pipeline = await loadPipeline(file)
  // Timers of no length that the file has set are due before this one.
  await wait(0)
  return pipeline
}

/**
 * Does what concerns a pipeline file that is not running yet. An exception that nobody catches is then the error
 * of the file, and so is the end of the process.
 */
export async function guardFile<T>({ file, verbose }: GuardOptions, work: () => Promise<T>): Promise<T> {
  let state: 'working' | 'failed' | 'done' = 'working'
  const uncaught = new Promise<never>((_, reject) => {
    onUncaught((error, origin) => {
      const failure = uncaughtLoadFailure(error, origin, file)
      if (state === 'done') process.exit(tellFailure(failure, verbose))
      reject(failure)
    })
  })
  const onExit = (code: number): void => {
    process.exitCode = tellFailure(exitFailure(code, file), verbose)
  }
  process.once('exit', onExit)
  try {
    const result = await Promise.race([work(), uncaught])
    state = 'done'
    return result
  } catch (error) {
    state = 'failed'
    throw error
  } finally {
    process.off('exit', onExit)
  }
}
