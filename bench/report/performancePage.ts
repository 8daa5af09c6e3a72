import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { allCases } from '../cases/allCases.js'
import { projectPath } from '../measure/projectPath.js'
import type { CaseResult, Results } from './results.js'
import { caseMarkdown, markdownTable } from './tables.js'
import { verdicts } from './targets.js'

const command = ['```sh', 'npm ci --prefix bench && npm run bench && npm run bench -- --docs', '```']

function machineText({ machine, cases }: Results): string {
  const { cpu, cores, memoryGiB, kernel, node } = machine
  const dates = [...new Set(cases.map(({ date }) => date.slice(0, 10)))].sort()
  return `Measured on ${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, Node.js ${node}, in tmpfs (${dates.join(', ')}).`
}

function caseText(result: CaseResult): string[] {
  const leftOut = result.leftOut.map((line) => `- left out: ${line}`)
  const times =
    result.rounds === 1
      ? 'One round, in which other work on the machine shows.'
      : `Medians of ${result.rounds} rounds.`
  return [
    `## ${result.title}`,
    `${result.work} ${times}`,
    caseMarkdown(result),
    ...(leftOut.length > 0 ? [leftOut.join('\n')] : []),
    `\`npm run bench -- ${result.name}\` repeats it.`,
  ]
}

/** What the results have nothing of, so that a part of a run is not taken for the whole. */
function notMeasured({ cases }: Results): string[] {
  const missing = allCases.filter(({ name }) => !cases.some((result) => result.name === name))
  if (missing.length === 0) return []
  return [`Not measured in these results: ${missing.map(({ name }) => `\`${name}\``).join(', ')}.`]
}

const targetTable = (results: Results): string =>
  markdownTable(
    ['', 'target', 'measured', ''],
    verdicts(results).map(({ name, target, measured, verdict }) => [name, target, measured, verdict]),
  )

/** Writes docs/performance.md, and the table in README.md, from results. */
export async function writePages(results: Results): Promise<void> {
  const page = [
    '# Performance',
    'What watching costs, with fsflow and with other tools, on the same work in turn. This page is generated: ' +
      'what is measured, and how, is in `bench/`.',
    machineText(results),
    ...notMeasured(results),
    command.join('\n'),
    'CPU is user and system time of all threads of a process, from the moment it was ready until it had handled all, ' +
      'unless a column says otherwise. The wall time ends when the process is at rest, and peak memory is what it held at its most.',
    '## Targets',
    targetTable(results),
    ...results.cases.flatMap(caseText),
  ]
  await write('docs/performance.md', page.join('\n\n'))
  const section = [
    '## What it costs',
    machineText(results),
    targetTable(results),
    '`npm run bench` repeats it, `npm run bench:quick` the most important part in two minutes. ' +
      'All numbers are in [performance](docs/performance.md).',
    '',
  ].join('\n\n')
  const readme = readFileSync(projectPath('README.md'), 'utf8')
  // A function, since the text may have a $ in it.
  await write(
    'README.md',
    readme.replace(/^## What it costs\n.*?(?=^## )/ms, () => section),
  )
}

async function write(path: string, text: string): Promise<void> {
  const options = await resolveConfig(projectPath(path))
  writeFileSync(projectPath(path), await format(text, { ...options, parser: 'markdown' }))
}
