import type { CaseResult, Column, Row } from './results.js'

export function formatNumber(value: number | undefined, digits = 0): string {
  if (value === undefined || Number.isNaN(value)) return '-'
  return value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const cells = (columns: readonly Column[], { name, values }: Row): string[] => [
  name,
  ...columns.map(({ key, digits }) => formatNumber(values[key], digits)),
]

/** The table of a case for a terminal. */
export function terminalTable({ columns, rows }: Pick<CaseResult, 'columns' | 'rows'>): string {
  const lines = [['', ...columns.map(({ title }) => title)], ...rows.map((row) => cells(columns, row))]
  const widths = lines[0]!.map((_cell, index) => Math.max(...lines.map((line) => line[index]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
        .join('  '),
    )
    .join('\n')
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = head.map((_cell, index) => (index === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** The table of a case for a page. */
export function caseMarkdown({ columns, rows }: Pick<CaseResult, 'columns' | 'rows'>): string {
  return markdownTable(
    ['', ...columns.map(({ title }) => title)],
    rows.map((row) => cells(columns, { ...row, name: `\`${row.name}\`` })),
  )
}
