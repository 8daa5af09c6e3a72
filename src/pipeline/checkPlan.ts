import { isError, messageOf } from '../errors/messageOf.js'
import { deliveryProblems } from './delivery/deliveryProblems.js'
import type { Plan } from './planPipeline.js'
import { sharedDestinations } from './sharedDestinations.js'

/** What the components said; `problems` are what would stop the run. */
export interface PlanCheck {
  /** Lines of the source, for people. */
  readonly lines: readonly string[]
  readonly problems: readonly Error[]
}

/**
 * Asks the source and every sink whether they could be opened, and the sinks whether two write to the same place, or
 * would share a spool. Changes nothing and leaves nothing open.
 */
export async function checkPlan(plan: Plan): Promise<PlanCheck> {
  const { source, sinks, metrics } = plan.pipeline
  const problems: Error[] = []
  const lines: string[] = []
  const note = (error: unknown): void => {
    problems.push(isError(error) ? error : new Error(messageOf(error), { cause: error }))
  }
  try {
    const report = await source.check(plan.request)
    lines.push(...report.lines)
    problems.push(...report.problems)
  } catch (error) {
    note(error)
  }
  for (const sink of sinks) await sink.check().catch(note)
  await metrics?.check().catch(note)
  problems.push(...deliveryProblems(plan.pipeline))
  try {
    problems.push(...(await sharedDestinations(sinks)))
  } catch (error) {
    note(error)
  }
  return { lines, problems }
}
