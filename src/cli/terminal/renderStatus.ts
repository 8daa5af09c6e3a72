import type { RunStats, SinkStats } from '../../pipeline/index.js'
import { printable } from './printable.js'
import { count } from './renderSummary.js'

const number = new Intl.NumberFormat('en-US')
const whole = (value: number): string => number.format(Math.round(value))

/** What a run is doing, as lines for a terminal; `before` are the numbers of the last time, for what came since. */
export function renderStatus(stats: RunStats, before?: RunStats): string[] {
  const { events, filtered, dropped, spooled, watches, durationMs, kinds } = stats
  const seconds = (durationMs - (before?.durationMs ?? 0)) / 1000
  const rate = seconds > 0 ? (events - (before?.events ?? 0)) / seconds : 0
  const first = [
    `${(durationMs / 1000).toFixed(0)} s`,
    ...(watches === undefined ? [] : [count(watches, 'watch', 'watches')]),
    `${count(events, 'event')} (${whole(rate)}/s)`,
    `${whole(filtered)} filtered`,
    `${whole(dropped)} lost`,
    `${whole(spooled)} spooled`,
    count(kinds.OVERFLOW ?? 0, 'overflow'),
    count(kinds.RECOVERED ?? 0, 'repair'),
  ]
  const types = Object.entries(kinds).sort(([, one], [, other]) => other - one)
  const lines = [
    first.join(', '),
    types.map(([type, value]) => `${type} ${whole(value)}`).join('  '),
    ...stats.stages.map((stage) => `${stage.name}: ${whole(stage.in)} in, ${whole(stage.out)} out`),
    ...stats.sinks.map(sinkLine),
  ]
  return lines.map(printable)
}

function sinkLine({
  name,
  delivered,
  queued,
  dropped,
  spooled,
  retries,
  circuit,
  lagMs,
  state,
}: SinkStats): string {
  const parts = [`${whole(delivered)} written`, `${whole(queued)} queued`, `${whole(dropped)} lost`]
  if (spooled > 0) parts.push(`${whole(spooled)} spooled`)
  if (retries > 0) parts.push(count(retries, 'retry', 'retries'))
  if (lagMs !== undefined) parts.push(`lag ${lagMs.toFixed(1)} ms`)
  parts.push(circuit === 'closed' ? state : `circuit ${circuit}`)
  return `sink ${name}: ${parts.join(', ')}`
}
