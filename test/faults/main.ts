// Runs every fault and writes docs/reliability.md: npm run faults. A part of the measure: npm run faults -- --scale 0.25.
// With names, only those that contain one, and nothing is written.

import { writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { parseArgs } from 'node:util'
import { allCases } from './allCases.js'
import type { FaultResult, Scale } from './FaultCase.js'
import { renderReliability, type FaultRun } from './renderReliability.js'

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { scale: { type: 'string', default: '1' } },
})
const part = Number(values.scale)
const scale: Scale = {
  kills: Math.ceil(100 * part),
  events: Math.ceil(200_000 * part),
  outage: Math.ceil(30_000 * part),
}
const cases = allCases.filter(({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)))
const runs: FaultRun[] = []
for (const fault of cases) {
  const missing = fault.requires.filter((requirement) => !requirement.met()).map(({ what }) => what)
  let result: FaultResult | string
  if (missing.length > 0) result = `not run: needs ${missing.join(' and ')}`
  else result = await fault.run(scale).catch((error: unknown) => `failed: ${String(error)}`)
  runs.push({ fault, result })
  process.stdout.write(`${fault.name}: ${typeof result === 'string' ? result : JSON.stringify(result)}\n`)
}
const isSound = runs.every(
  ({ fault, result }) =>
    typeof result !== 'string' &&
    result.missing + result.corrupt === 0 &&
    result.inOrder &&
    result.addsUp &&
    (fault.mayLose === true || result.counted === 0),
)
if (wanted.length === 0) {
  const machine = `Linux ${release()}, Node.js ${process.version}`
  const page = renderReliability(runs, scale, machine, new Date().toISOString().slice(0, 10))
  await writeFile(new URL('../../../docs/reliability.md', import.meta.url), page)
}
process.exitCode = isSound ? 0 : 1
