import { Subject } from 'rxjs'
import {
  run,
  uncaughtFailure,
  uncaughtLoadFailure,
  type Pipeline,
  type UncaughtOrigin,
} from '../pipeline/index.js'
import { RunFailure } from './exitCodes.js'
import { onStopSignals } from './stopSignals.js'
import { tellFailure } from './tellFailure.js'
import { renderSummary } from './terminal/renderSummary.js'
import { renderIssue } from './terminal/renderIssue.js'
import { startDisplay, statusDisplay, type RunDisplay } from './terminal/runDisplay.js'
import { onUncaught } from './uncaught.js'

interface SuperviseOptions {
  readonly verbose: boolean
  /** Where the pipeline was loaded from, for messages. */
  readonly file?: string
  /** Whether the numbers are shown once a second on a terminal. Default false. */
  readonly status?: boolean
}

/**
 * Runs a pipeline until it ends by itself or by a signal: the first one stops it in order, a second at once. An
 * exception that nobody caught stops it too. With a sink that can, SIGHUP has files opened anew instead.
 *
 * Throws the error of the checks as it is, and what comes later as a RunFailure.
 */
export async function supervise(
  pipeline: Pipeline,
  { verbose, file, status = false }: SuperviseOptions,
): Promise<void> {
  const display = displayOf(status)
  const state = { isChecked: false, isStopping: false, isOver: false }
  const reopen = new Subject<void>()
  const handle = run(pipeline, {
    reopen,
    onIssue: (issue) => {
      display?.clear()
      process.stderr.write(renderIssue(issue))
    },
    ...(display && {
      statsInterval: display.interval,
      onStats: (stats) => {
        if (!state.isStopping) display.show(stats)
      },
    }),
  })
  let failure: { readonly error: unknown } | undefined
  void handle.checked.then(
    () => (state.isChecked = true),
    () => undefined,
  )
  const stop = (timeout?: number): void => {
    state.isStopping = true
    display?.clear()
    // `done` is awaited below.
    handle.stop(timeout).catch(() => undefined)
  }
  onStopSignals(
    () => stop(),
    () => stop(0),
    pipeline.sinks.some(({ reopens }) => reopens === true) ? () => reopen.next() : undefined,
  )
  onUncaught((error, origin) => {
    const found = failureOf(error, origin, { file, isChecked: state.isChecked })
    if (failure === undefined && state.isOver) process.exit(tellFailure(found, verbose))
    failure ??= { error: found }
    stop()
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
  display?.clear()
  if (state.isChecked && (verbose || process.stderr.isTTY)) {
    process.stderr.write(renderSummary(handle.stats(), verbose))
  }
  if (failure !== undefined) throw failure.error
}

/** What is shown while it runs; nothing where nobody could see it. */
function displayOf(status: boolean): RunDisplay | undefined {
  const { stderr, stdout } = process
  if (stderr.isTTY) return (status ? statusDisplay : startDisplay)(stderr, stdout.isTTY)
  if (status) stderr.write('fsflow: --status shows nothing, for standard error is no terminal\n')
  return undefined
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
