// `npm run bench`: what watching costs, with fsflow and with other tools, on the same work in turn.
//
//   npm run bench [-- CASE...] [-- --json FILE]   measures, prints, and adds to the results; all cases by default
//   npm run bench:quick                           the ratios that matter, in two minutes; writes nothing
//   npm run bench -- --docs                       writes docs/performance.md and the table of README.md from the results
//
// BENCH_ROUNDS, BENCH_EVENTS and BENCH_TREES (sizes, with commas) change how much it does. Needs a C compiler.
import { parseArgs } from 'node:util'
import { allCases, quickCases } from './cases/allCases.js'
import type { BenchCase, BenchContext } from './cases/BenchCase.js'
import { machine } from './measure/machine.js'
import { projectPath } from './measure/projectPath.js'
import { Scratch } from './measure/Scratch.js'
import { writePages } from './report/performancePage.js'
import { readResults, writeResults, type CaseResult, type Results } from './report/results.js'
import { terminalTable } from './report/tables.js'
import { verdicts } from './report/targets.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, docs: { type: 'boolean' }, quick: { type: 'boolean' } },
})
const isQuick = values.quick === true
const path = values.json ?? projectPath('bench/results.json')

function chosenCases(): readonly BenchCase[] {
  const unknown = positionals.filter((name) => !allCases.some((one) => one.name === name))
  if (unknown.length > 0) {
    const names = allCases.map(({ name }) => name).join(', ')
    throw new Error(`there is no case ${unknown.join(', ')}; there are ${names}`)
  }
  if (positionals.length > 0) return allCases.filter(({ name }) => positionals.includes(name))
  return isQuick ? quickCases : allCases
}

function contextOf(scratch: Scratch): BenchContext {
  const trees = process.env.BENCH_TREES ?? (isQuick ? '50000' : '1000,10000,50000,200000')
  return {
    scratch,
    isQuick,
    rounds: Number(process.env.BENCH_ROUNDS ?? (isQuick ? 1 : 3)),
    events: Number(process.env.BENCH_EVENTS ?? (isQuick ? 500_000 : 1_000_000)),
    trees: trees.split(',').map(Number),
    idleSeconds: Number(process.env.BENCH_IDLE ?? 60),
  }
}

async function runCase(one: BenchCase, context: BenchContext): Promise<CaseResult> {
  const { name, title } = one
  const table = await one.run(context)
  const result = { name, title, rounds: context.rounds, date: new Date().toISOString(), ...table }
  console.log(`\n${title} (${name}): ${table.work}\n\n${terminalTable(table)}`)
  for (const line of table.leftOut) console.log(`left out: ${line}`)
  return result
}

async function measure(): Promise<void> {
  const chosen = chosenCases()
  const scratch = new Scratch()
  const cases: CaseResult[] = []
  const results = (): Results => ({ machine: machine(), cases })
  try {
    for (const one of chosen) {
      cases.push(await runCase(one, contextOf(scratch)))
      // After each case, since a run takes long.
      if (!isQuick || values.json !== undefined) writeResults(path, results())
    }
  } finally {
    scratch.remove()
  }
  console.log('\nTargets')
  for (const { name, target, measured, verdict } of verdicts(results())) {
    if (verdict === 'not measured') continue
    console.log(`  ${verdict.padEnd(12)} ${measured.padStart(12)}  (${target})  ${name}`)
  }
}

if (values.docs === true) {
  const results = readResults(path)
  if (results === undefined) throw new Error(`${path} is not there: run \`npm run bench\` first`)
  await writePages(results)
} else {
  // A signal ends it with its children, which are in the same group of processes; what is on the disk is ours to remove.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  await measure()
}
