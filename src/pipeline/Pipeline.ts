import type { Operator, Sink, Source } from '../contracts/index.js'
import type { Metrics } from './metrics/metrics.js'

const brand = Symbol.for('fsflow.pipeline')

/** What a pipeline file declares. */
export interface PipelineDefinition {
  /** Shown by `fsflow check`. */
  readonly name?: string | undefined
  readonly source: Source
  /** In the order in which events pass them. Default: none. */
  readonly operators?: readonly Operator[]
  /** At least one. */
  readonly sinks: readonly Sink[]
  /** Milliseconds from the request to stop until the run ends, come what may. Default 2000. */
  readonly drainTimeout?: number
  /** Events that may wait for each sink before the sink loses some. Default 262144. */
  readonly queueSize?: number
  /** Makes the numbers of a run known, as `metrics({ port })` does. Default: nothing. */
  readonly metrics?: Metrics | undefined
}

/** A validated pipeline with its defaults filled in. Made by `definePipeline`, frozen. */
export interface Pipeline {
  readonly name: string | undefined
  readonly source: Source
  readonly operators: readonly Operator[]
  readonly sinks: readonly Sink[]
  readonly drainTimeout: number
  readonly queueSize: number
  readonly metrics: Metrics | undefined
}

/** Marks an object as a pipeline, also for another copy of this package, and freezes it. */
export function brandPipeline(pipeline: Pipeline): Pipeline {
  return Object.freeze(Object.defineProperty({ ...pipeline }, brand, { value: true }))
}

/** True for what `definePipeline` returned, in this copy of the package or another. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && brand in value
}
