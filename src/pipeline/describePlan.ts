import { kernelEventTypes } from '../events/index.js'
import { describeDelivery } from './delivery/describeDelivery.js'
import type { Plan, PlanStage } from './planPipeline.js'

/**
 * The plan as text for people: source, what was pushed down into it, operators in order, sinks, notes.
 *
 * `sourceLines` are what the source's check said. Names and options are shown as they are: escape control
 * characters before printing it to a terminal.
 */
export function describePlan(plan: Plan, sourceLines: readonly string[] = []): string {
  const { name, source, sinks, drainTimeout, metrics } = plan.pipeline
  const lines: string[] = []
  if (name !== undefined) lines.push(`pipeline ${name}`)
  lines.push(`source ${source.name}`, ...sourceLines.map(indent))
  lines.push('pushed down into the source', ...pushedDown(plan).map(indent))
  lines.push('operators', ...(plan.stages.length === 0 ? ['none'] : plan.stages.map(stageLine)).map(indent))
  lines.push('sinks')
  for (const sink of sinks) {
    lines.push(indent(`${sink.name}: ${sink.description}`))
    lines.push(indent(indent(describeDelivery(sink, plan.pipeline))))
  }
  lines.push(indent(`all have ${drainTimeout} ms to finish after a stop`))
  if (metrics !== undefined) lines.push('metrics', indent(metrics.description))
  if (plan.notes.length > 0) lines.push('notes', ...plan.notes.map(indent))
  return lines.join('\n')
}

function indent(line: string): string {
  return `  ${line}`
}

function pushedDown({ request, stages }: Plan): string[] {
  const pruning = stages.filter((stage) => stage.pruning).map((stage) => `${stage.index + 1} ${stage.name}`)
  const wanted = kernelEventTypes.filter((type) => request.eventTypes.has(type))
  return [
    pruning.length === 0
      ? 'no directory is left out: no leading filter excludes any'
      : `directories left unwatched: those that ${pruning.join(' and ')} excludes`,
    `event types asked for: ${wanted.length === kernelEventTypes.length ? 'all' : wanted.join(', ')}`,
  ]
}

function stageLine({ index, name, options }: PlanStage): string {
  const shown = Object.entries(options).flatMap(([key, value]) => {
    const text = JSON.stringify(value) as string | undefined
    return text === undefined ? [] : [`${key} ${text}`]
  })
  return `${index + 1} ${name}${shown.length === 0 ? '' : `: ${shown.join(', ')}`}`
}
