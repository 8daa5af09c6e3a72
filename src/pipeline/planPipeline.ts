import { NEVER, isObservable } from 'rxjs'
import {
  operatorInfo,
  type DirectoryPruner,
  type Operator,
  type OperatorInfo,
  type Source,
  type SourceRequest,
} from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import { eventTypes, type EventType } from '../events/index.js'
import { invalidPipeline } from './invalidPipeline.js'
import { operatorFailed } from './operatorFailed.js'
import type { Pipeline } from './Pipeline.js'

export interface PlanStage {
  /** Where it stands, from 0. */
  readonly index: number
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** True when its excludes were moved into the source. */
  readonly pruning: boolean
}

/** What a run will do, worked out without opening anything. */
export interface Plan {
  readonly pipeline: Pipeline
  /** What was moved from the operators into the source; its `ownFiles` are known when the sinks are open. */
  readonly request: SourceRequest
  readonly stages: readonly PlanStage[]
  /** What is legal but most likely not meant. */
  readonly notes: readonly string[]
}

/** What the plan of a bare operator list needs: `watch` has no sinks. */
export interface StreamPlan {
  readonly source: Source
  readonly operators: readonly Operator[]
  readonly request: SourceRequest
  readonly stages: readonly PlanStage[]
}

/**
 * Works out what the source can do for the operators (pushdown) and what is odd about the pipeline.
 *
 * Opens nothing. Each operator is applied once to a stream that never emits, to see that it is one.
 * Throws `FSFLOW_INVALID_PIPELINE` when it is not, as when a factory was not called; when it throws, the exception
 * with the entry in front, as `FSFLOW_OPERATOR_FAILED` unless it has a code.
 */
export function planPipeline(pipeline: Pipeline): Plan {
  const { request, stages } = planStream(pipeline.source, pipeline.operators)
  return { pipeline, request, stages, notes: notesOn(pipeline) }
}

/** The part of the plan that concerns source and operators. */
export function planStream(source: Source, operators: readonly Operator[]): StreamPlan {
  operators.forEach(requireOperator)
  const infos = operators.map(operatorInfo)
  const pruning = leadingPruners(infos)
  return {
    source,
    operators,
    request: {
      prune: [...pruning.values()],
      eventTypes: wantedTypes(infos),
      resolvePaths: infos[0]?.name === 'resolvePath' && infos[0].providesPath === true,
      processes: infos.some((info) => info.needsProcess === true),
      ownFiles: [],
    },
    stages: infos.map((info, index) => ({
      index,
      name: info.name,
      options: info.options ?? {},
      pruning: pruning.has(index),
    })),
  }
}

function requireOperator(operator: Operator, index: number): void {
  const { name } = operatorInfo(operator)
  const entry = `operators[${index}]`
  const call = name === 'operator' ? '' : ` ${name}(...)`
  const called = `Did you forget to call it?${call}`
  let result: unknown
  try {
    result = operator(NEVER)
  } catch (cause) {
    if (!isRefusal(cause, name)) {
      const hint = `It was applied to the stream. If it is a function that makes an operator, call it.${call}`
      throw operatorFailed(index, name, cause, hint)
    }
    throw invalidPipeline(entry, `(${name}) is not an operator: ${cause.message}`, called, cause)
  }
  if (isObservable(result)) return
  const made = result === undefined ? 'undefined' : `a ${typeof result}`
  throw invalidPipeline(entry, `(${name}) is not an operator: it returns ${made}, not a stream`, called)
}

/** True for what a factory of this name throws when it is given the stream in place of its options. */
function isRefusal(cause: unknown, name: string): cause is FsflowError {
  return (
    FsflowError.is(cause) && cause.code === 'FSFLOW_INVALID_OPTION' && cause.message.startsWith(`${name}: `)
  )
}

/** By index, the pruners that the source may apply: no operator before them changes events. */
function leadingPruners(infos: readonly OperatorInfo[]): ReadonlyMap<number, DirectoryPruner> {
  const result = new Map<number, DirectoryPruner>()
  for (const [i, info] of infos.entries()) {
    if (info.prune !== undefined) result.set(i, info.prune)
    if (info.transparent !== true) break
  }
  return result
}

/** From the last operator to the first: what must go in, so that all that is wanted can come out. */
function wantedTypes(infos: readonly OperatorInfo[]): ReadonlySet<EventType> {
  const all: ReadonlySet<EventType> = new Set(eventTypes)
  return infos.reduceRight<ReadonlySet<EventType>>((wanted, info) => info.needsTypes?.(wanted) ?? all, all)
}

function notesOn({ source, operators }: Pipeline): string[] {
  const infos = operators.map(operatorInfo)
  const notes: string[] = []
  if (!source.providesPaths && !infos.some((info) => info.providesPath === true)) {
    notes.push('events have no path: resolvePath() is not among the operators')
  }
  if (source.name === 'inotify' && !infos.some((info) => info.name === 'addWatchOnMkdir')) {
    notes.push('directories made later are not watched: addWatchOnMkdir() is not among the operators')
  }
  return notes
}
