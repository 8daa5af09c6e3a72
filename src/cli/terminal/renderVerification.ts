import { escapePath } from '../../formats/index.js'
import { inexactBytes, textFromRaw } from '../../linux/rawPath.js'
import type { Comparison } from '../../pipeline/index.js'
import { count } from './renderSummary.js'

/** What led to a comparison. */
export type ComparisonReason = 'signal' | 'interval' | 'load' | 'end'

/** What a verification has come to. */
export interface VerificationSummary {
  readonly events: number
  readonly overflows: number
  readonly comparisons: number
  /** Paths that differed in any comparison. */
  readonly differences: number
  /** Paths that could not be decided about, over all comparisons. */
  readonly undecided: number
  readonly durationMs: number
  /** Of the load, if there was one. */
  readonly seed: number | undefined
}

/** How the results are printed; each is a line, or lines, without the last newline. */
export interface VerificationFormat {
  ready(paths: readonly string[], entries: number, adopted: number): string
  /** `undefined` when there is nothing worth a line. */
  comparison(number: number, reason: ComparisonReason, result: Comparison): string | undefined
  summary(summary: VerificationSummary): string
}

const MAX_LINES = 50
const MAX_LISTED = 1000

const meanings = {
  missing: 'missing  on the disk, not told:     ',
  extra: 'extra    told, not on the disk:     ',
  kind: 'kind     told as the wrong kind:    ',
} as const

/** Lines for people. */
export const verificationText: VerificationFormat = {
  ready(paths, entries, adopted) {
    const moved =
      adopted === 0 ? '' : `; ${count(adopted, 'entry', 'entries')} changed while they were listed`
    const where = paths.map((path) => escapePath(path, undefined)).join(', ')
    return `watching ${where}: ${count(entries, 'entry', 'entries')}${moved}`
  },
  comparison(number, reason, { differences, undecided, unreadable, entries, durationMs }) {
    if (reason === 'load' && differences.length === 0) return undefined
    const found = differences.length === 0 ? 'no differences' : count(differences.length, 'difference')
    const parts = [`${found} among ${count(entries, 'entry', 'entries')}`]
    if (undecided > 0) parts.push(`${count(undecided, 'path')} went on changing`)
    if (unreadable > 0) parts.push(`${count(unreadable, 'directory', 'directories')} unreadable`)
    const lines = [`comparison ${number} (${reason}): ${parts.join(', ')}, ${seconds(durationMs)}`]
    for (const { problem, path } of differences.slice(0, MAX_LINES)) {
      const text = textFromRaw(path)
      lines.push(`  ${meanings[problem]}${escapePath(text, inexactBytes(path, text))}`)
    }
    const more = differences.length - MAX_LINES
    if (more > 0) lines.push(`  and ${count(more, 'more', 'more')}`)
    return lines.join('\n')
  },
  summary({ events, overflows, comparisons, differences, undecided, durationMs, seed }) {
    const parts = [
      count(events, 'event'),
      count(overflows, 'overflow'),
      count(comparisons, 'comparison'),
      count(differences, 'difference'),
    ]
    if (undecided > 0) parts.push(`${count(undecided, 'path')} undecided`)
    if (seed !== undefined) parts.push(`seed ${seed}`)
    parts.push(seconds(durationMs))
    return parts.join(', ')
  },
}

/** One JSON object a line, for programs. */
export const verificationJson: VerificationFormat = {
  ready: (paths, entries, adopted) => JSON.stringify({ type: 'ready', paths, entries, adopted }),
  comparison: (number, reason, result) =>
    JSON.stringify({
      type: 'comparison',
      number,
      reason,
      entries: result.entries,
      differences: result.differences.slice(0, MAX_LISTED).map(({ problem, path }) => {
        const text = textFromRaw(path)
        const bytes = inexactBytes(path, text)
        return {
          problem,
          file_path: text,
          ...(bytes !== undefined && { file_path_bytes: Buffer.from(bytes).toString('base64') }),
        }
      }),
      differences_total: result.differences.length,
      undecided: result.undecided,
      unreadable: result.unreadable,
      duration_ms: Math.round(result.durationMs),
    }),
  summary: ({ durationMs, ...counts }) =>
    JSON.stringify({ type: 'summary', ...counts, duration_ms: Math.round(durationMs) }),
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`
}
