import { isObservable } from 'rxjs'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { invalidPipeline } from './invalidPipeline.js'
import { isPipeline, type Pipeline } from './Pipeline.js'
import { PipelineRun } from './PipelineRun.js'
import { planPipeline } from './planPipeline.js'
import type { RunHandle, RunOptions } from './RunHandle.js'

/**
 * Runs a pipeline: checks source and sinks, opens the sinks, then the source, and hands every event to every
 * sink until the source completes, `stop()` is called or something fails.
 *
 * `MONITOR_STOP` is the last event of a run that did not fail. Each sink has its own queue: a slow one delays
 * nobody, and what it cannot take is counted in `dropped`. A sink that fails is reported to `onIssue` and the
 * run goes on for the others, but `done` then rejects with its error; with no sink left the run ends at once.
 * An error of the source or of an operator is fatal: what it emitted before is still written.
 *
 * Throws `FSFLOW_INVALID_PIPELINE` for what `definePipeline` did not make, or when an entry of `operators` is
 * no operator; `FSFLOW_INVALID_OPTION` for a wrong option. `done` rejects with `FSFLOW_DRAIN_TIMEOUT` when the
 * timeout cuts off events, `FSFLOW_OPERATOR_FAILED` when an operator throws, or the error of source or sink.
 */
export function run(pipeline: Pipeline, options: RunOptions = {}): RunHandle {
  if (!isPipeline(pipeline)) {
    throw invalidPipeline('run', 'was not given a pipeline', 'Make one with definePipeline({ ... }).')
  }
  rejectUnknownOptions('run', options, ['signal', 'reopen', 'onIssue', 'onStats', 'statsInterval'])
  const {
    signal,
    reopen,
    onIssue,
    onStats,
    statsInterval = 1000,
  } = options as Record<keyof RunOptions, unknown>
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('run', 'signal', 'is not an AbortSignal')
  }
  if (reopen !== undefined && !isObservable(reopen))
    throw invalidOption('run', 'reopen', 'is not an Observable')
  for (const [name, callback] of Object.entries({ onIssue, onStats })) {
    if (callback !== undefined && typeof callback !== 'function') {
      throw invalidOption('run', name, 'is not a function')
    }
  }
  if (typeof statsInterval !== 'number' || !(statsInterval >= 1 && statsInterval < 2 ** 31)) {
    throw invalidOption('run', 'statsInterval', 'is not a number of milliseconds, 1 or more')
  }
  return new PipelineRun(planPipeline(pipeline), options)
}
