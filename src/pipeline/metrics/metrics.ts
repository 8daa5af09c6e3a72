import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'
import type { RunStats } from '../RunStats.js'
import { requireFreePort, serveText } from './serveText.js'
import { renderMetrics } from './renderMetrics.js'

export interface MetricsOptions {
  /** The port on the loopback interface, 1 to 65535. */
  readonly port: number
}

/** Makes the numbers of a run known while it lasts. Made by `metrics`, for the key `metrics` of a pipeline. */
export interface Metrics {
  readonly name: string
  /** One line for `fsflow check`. */
  readonly description: string
  /** Rejects with an FsflowError when `open` would fail. Leaves nothing open. */
  check(): Promise<void>
  /** Asks for the numbers when they are wanted, and not before. */
  open(stats: () => RunStats): Promise<{ close(): Promise<void> }>
}

/**
 * Serves the numbers of a run at `http://127.0.0.1:PORT/metrics`, in the text format of Prometheus.
 *
 * Only programs of this machine can ask. What they get is counted anyway: nobody who asks costs an event anything. The
 * run fails with FSFLOW_METRICS before its sinks are opened when the port is taken. Throws FSFLOW_INVALID_OPTION.
 *
 *     definePipeline({ source, operators, sinks, metrics: metrics({ port: 9464 }) })
 */
export function metrics(options: MetricsOptions): Metrics {
  const hint = 'For example metrics({ port: 9464 }).'
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalidOption('metrics', 'options', 'must be an object', hint)
  }
  rejectUnknownOptions('metrics', given, ['port'])
  const { port } = options
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalidOption('metrics', 'port', 'must be a whole number from 1 to 65535', hint)
  }
  return {
    name: 'metrics',
    description: `for Prometheus, at http://127.0.0.1:${port}/metrics`,
    check: () => requireFreePort(port),
    open: (stats) => serveText(port, '/metrics', () => renderMetrics(stats())),
  }
}
