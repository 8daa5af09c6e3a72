import { operatorInfo, type Operator, type Source } from '../contracts/index.js'
import { invalidPipeline } from './invalidPipeline.js'
import { brandPipeline, type Pipeline, type PipelineDefinition } from './Pipeline.js'
import { requireMetrics, requireOperators, requireSinks, requireSource } from './validateEntries.js'

const keys: readonly string[] = [
  'name',
  'source',
  'operators',
  'sinks',
  'drainTimeout',
  'queueSize',
  'metrics',
]

/**
 * Declares a pipeline: one source, operators in order, one sink or more.
 *
 * Pure: opens nothing, looks at no file. The result is frozen; hand it to `run`, or make it the default export
 * of a pipeline file for `fsflow run`.
 *
 * Throws an FsflowError `FSFLOW_INVALID_PIPELINE` that names the wrong entry (`operators[2] is not a function
 * but undefined`): a wrong type, an unknown key, no sink, or an operator that needs paths before the one that
 * provides them.
 */
export function definePipeline(definition: PipelineDefinition): Pipeline {
  // The types say otherwise, but a pipeline file is not type-checked when it is run.
  const input: unknown = definition
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalidPipeline(
      'the pipeline',
      'is not an object',
      'Write definePipeline({ source, operators, sinks }).',
    )
  }
  for (const key of Object.keys(input)) {
    if (keys.includes(key)) continue
    const meant = keys.find((known) => known.startsWith(key) || key.startsWith(known.slice(0, -1)))
    const hint = meant === undefined ? `The keys are: ${keys.join(', ')}.` : `Did you mean "${meant}"?`
    throw invalidPipeline(key, 'is not a key of a pipeline', hint)
  }
  const fields = input as Partial<Record<keyof PipelineDefinition, unknown>>
  const { name, source, operators = [], sinks, drainTimeout = 2000, queueSize = 262_144, metrics } = fields
  if (source === undefined) {
    throw invalidPipeline('source', 'is missing', "Add one, such as inotify({ paths: ['src'] }).")
  }
  requireSource(source)
  requireOperators(operators)
  requireSinks(sinks)
  if (name !== undefined && typeof name !== 'string') throw invalidPipeline('name', 'is not a string')
  requireNumber('drainTimeout', drainTimeout, 0, 'milliseconds')
  requireNumber('queueSize', queueSize, 1, 'events')
  requireMetrics(metrics)
  requirePathOrder(source, operators)
  return brandPipeline({
    name,
    source,
    operators: Object.freeze([...operators]),
    sinks: Object.freeze([...sinks]),
    drainTimeout,
    queueSize,
    metrics,
  })
}

// setTimeout takes no more than 2^31 - 1, and a queue that long would be none.
function requireNumber(key: string, value: unknown, least: number, unit: string): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) < 2 ** 31) return
  throw invalidPipeline(key, `is not a number of ${unit}`, `Give a whole number, ${least} or more.`)
}

function requirePathOrder(source: Source, operators: readonly Operator[]): void {
  let havePath = source.providesPaths
  for (const [i, operator] of operators.entries()) {
    const info = operatorInfo(operator)
    if (info.needsPath === true && !havePath) {
      throw invalidPipeline(
        `operators[${i}]`,
        `(${info.name}) needs paths, which the events of ${source.name} do not have yet`,
        'Put resolvePath() before it.',
      )
    }
    if (info.providesPath === true) havePath = true
  }
}
