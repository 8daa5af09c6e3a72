import type { Pipeline } from '../Pipeline.js'
import { invalidPipeline } from '../invalidPipeline.js'
import { deliveryOf } from './deliveryOf.js'

/** An error for each spool that cannot be as it was declared, or that another sink has already. */
export function deliveryProblems(pipeline: Pipeline): Error[] {
  const owners = new Map<string, number>()
  const problems: Error[] = []
  for (const [i, sink] of pipeline.sinks.entries()) {
    const { spool, problem } = deliveryOf(sink, pipeline)
    if (problem !== undefined) problems.push(problem)
    if (spool === undefined) continue
    const owner = owners.get(spool.path)
    if (owner === undefined) owners.set(spool.path, i)
    else {
      const hint = 'Give it one of its own: deliver(sink, { spool: { path: ... } }).'
      problems.push(
        invalidPipeline(`sinks[${i}]`, `has the same spool as sinks[${owner}]: ${spool.path}`, hint),
      )
    }
  }
  return problems
}
