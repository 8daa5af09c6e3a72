import {
  run,
  uncaughtFailure,
  uncaughtLoadFailure,
  type Pipeline,
  type RunHandle,
  type UncaughtOrigin,
} from '../pipeline/index.js'
import { RunFailure } from './exitCodes.js'
import { onStopSignals } from './stopSignals.js'
import { tellFailure } from './tellFailure.js'
import { count, renderSummary } from './terminal/renderSummary.js'
import { renderIssue } from './terminal/renderIssue.js'
import { ProgressLine } from './terminal/ProgressLine.js'
import { onUncaught } from './uncaught.js'

interface SuperviseOptions {
  readonly verbose: boolean
  /** Where the pipeline was loaded from, for messages. */
  readonly file?: string
}

/**
 * Runs a pipeline until it ends by itself or by a signal: the first one stops it in order, a second at once. An
 * exception that nobody caught stops it too.
 *
 * Throws the error of the checks as it is, and what comes later as a RunFailure.
 */
export async function supervise(pipeline: Pipeline, { verbose, file }: SuperviseOptions): Promise<void> {
  const progress = new ProgressLine(process.stderr)
  const handle = run(pipeline, {
    onIssue: (issue) => {
      progress.clear()
      process.stderr.write(renderIssue(issue))
    },
    ...(process.stderr.isTTY && {
      statsInterval: 200,
      onStats: ({ ready, watches = 0, durationMs }) => {
        if (ready) progress.clear()
        else if (durationMs > 500)
          progress.show(`fsflow: watching ${count(watches, 'directory', 'directories')} ...`)
      },
    }),
  })
  const state = { isChecked: false, isOver: false }
  let failure: { readonly error: unknown } | undefined
  void handle.checked.then(
    () => (state.isChecked = true),
    () => undefined,
  )
  onStopSignals(
    () => stop(handle),
    () => stop(handle, 0),
  )
  onUncaught((error, origin) => {
    const found = failureOf(error, origin, { file, isChecked: state.isChecked })
    if (failure === undefined && state.isOver) process.exit(tellFailure(found, verbose))
    failure ??= { error: found }
    stop(handle)
  })
  // A source or a sink may wait for something that does not keep the process alive.
  const keepAlive = setInterval(() => undefined, 2 ** 30)
  try {
    await handle.done
  } catch (error) {
    failure ??= { error: state.isChecked ? new RunFailure(error) : error }
  }
  clearInterval(keepAlive)
  state.isOver = true
  progress.clear()
  if (state.isChecked && (verbose || process.stderr.isTTY)) {
    process.stderr.write(renderSummary(handle.stats(), verbose))
  }
  if (failure !== undefined) throw failure.error
}

function stop(handle: RunHandle, timeout?: number): void {
  // `done` is awaited elsewhere.
  handle.stop(timeout).catch(() => undefined)
}

interface Situation {
  readonly file: string | undefined
  readonly isChecked: boolean
}

/** Before the checks are passed, what a pipeline file threw without being caught belongs to its loading. */
function failureOf(error: unknown, origin: UncaughtOrigin, { file, isChecked }: Situation): Error {
  return file === undefined || isChecked
    ? new RunFailure(uncaughtFailure(error, origin, file))
    : uncaughtLoadFailure(error, origin, file)
}
