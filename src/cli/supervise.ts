import { run, type Pipeline, type RunHandle } from '../pipeline/index.js'
import { RunFailure } from './exitCodes.js'
import { onStopSignals } from './stopSignals.js'
import { count, renderSummary } from './terminal/renderSummary.js'
import { renderIssue } from './terminal/renderIssue.js'
import { ProgressLine } from './terminal/ProgressLine.js'

/**
 * Runs a pipeline until it ends by itself or by a signal: the first one stops it in order, a second at once.
 *
 * Throws the error of the checks as it is, and what comes later as a RunFailure.
 */
export async function supervise(
  pipeline: Pipeline,
  { verbose }: { readonly verbose: boolean },
): Promise<void> {
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
  const passed = { checks: false }
  void handle.checked.then(
    () => (passed.checks = true),
    () => undefined,
  )
  const release = listen(handle)
  try {
    await handle.done
    release()
  } catch (error) {
    throw passed.checks ? new RunFailure(error) : error
  } finally {
    progress.clear()
    if (passed.checks && (verbose || process.stderr.isTTY)) {
      process.stderr.write(renderSummary(handle.stats(), verbose))
    }
  }
}

/** Ties the run to signals and to exceptions that nobody caught. The result lets go, and throws such a one. */
function listen(handle: RunHandle): () => void {
  let uncaught: { readonly error: unknown } | undefined
  const stop = (timeout?: number): void => {
    // `done` is awaited elsewhere.
    handle.stop(timeout).catch(() => undefined)
  }
  const onUncaught = (error: unknown): void => {
    uncaught ??= { error }
    stop()
  }
  onStopSignals(
    () => stop(),
    () => stop(0),
  )
  process.on('uncaughtException', onUncaught)
  // A source or a sink may wait for something that does not keep the process alive.
  const keepAlive = setInterval(() => undefined, 2 ** 30)
  const release = (): void => {
    clearInterval(keepAlive)
    process.off('uncaughtException', onUncaught)
    if (uncaught !== undefined) throw uncaught.error
  }
  return release
}
