import { printable } from './printable.js'
import type { RunStats } from '../../pipeline/index.js'

const number = new Intl.NumberFormat('en-US')

/** `1 watch`, `1,234 watches`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number.format(value)} ${value === 1 ? one : many}`
}

/** What the run did; with `verbose` each operator and each sink too. */
export function renderSummary(stats: RunStats, verbose: boolean): string {
  const parts = [
    count(stats.events, 'event'),
    `${number.format(stats.filtered)} filtered`,
    `${number.format(stats.dropped)} dropped`,
  ]
  if (stats.spooled > 0) parts.push(`${number.format(stats.spooled)} spooled`)
  if (stats.watches !== undefined) parts.push(count(stats.watches, 'watch', 'watches'))
  parts.push(`${(stats.durationMs / 1000).toFixed(1)} s`)
  const lines = [parts.join(', ')]
  if (verbose) {
    for (const stage of stats.stages) lines.push(`  ${stage.name}: ${stage.in} in, ${stage.out} out`)
    for (const sink of stats.sinks) {
      const { name, delivered, dropped, spooled, retries, state } = sink
      const kept = spooled === 0 ? '' : `, ${spooled} spooled`
      const again = retries === 0 ? '' : `, ${count(retries, 'retry', 'retries')}`
      lines.push(`  sink ${name}: ${delivered} delivered, ${dropped} dropped${kept}${again}, ${state}`)
    }
  }
  return lines.map((line) => `fsflow: ${printable(line)}\n`).join('')
}
