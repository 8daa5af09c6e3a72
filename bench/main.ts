// `npm run bench`: what watching costs, as ratios measured in one run. Needs a C compiler for the load.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchRenames } from './renames.js'
import { measure, watchers, type Measured } from './watchers.js'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const FILES = Number(process.env.BENCH_FILES ?? 200_000)

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

async function benchThroughput(scratch: string): Promise<void> {
  const load = join(scratch, 'load')
  const compiled = spawnSync('cc', ['-O2', '-o', load, 'bench/load.c'], { stdio: 'inherit' })
  if (compiled.status !== 0) throw new Error('the load generator needs a C compiler (cc)')
  const cases = watchers.filter(({ name }) => has('inotifywait') || !name.startsWith('inotifywait'))
  const results = new Map<string, Measured[]>(cases.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const watcher of cases) {
      const directory = mkdtempSync('/dev/shm/fsflow-bench-')
      const run = () => void spawnSync(load, [directory, String(FILES)], { stdio: 'inherit' })
      results.get(watcher.name)!.push(await measure(watcher, directory, run))
      rmSync(directory, { recursive: true })
      rmSync(`${directory}.out`)
    }
  }
  const peer = results.get('inotifywait -m -r')
  const base = peer === undefined ? undefined : median(peer.map(({ cpuMs }) => cpuMs))
  console.log(`throughput: ${FILES * 5} events, ${ROUNDS} rounds, CPU of the whole process, medians`)
  for (const [name, runs] of results) {
    const cpu = median(runs.map(({ cpuMs }) => cpuMs))
    const peak = median(runs.map(({ peakMiB }) => peakMiB))
    const ratio = base === undefined ? '' : `  ${(cpu / base).toFixed(2)} x inotifywait`
    console.log(
      `  ${name.padEnd(44)} ${String(cpu).padStart(6)} ms  ${peak.toFixed(0).padStart(4)} MiB${ratio}`,
    )
  }
  if (base === undefined) console.log('  (inotifywait is not installed: no ratios)')
}

const scratch = mkdtempSync(join(tmpdir(), 'fsflow-bench-'))
try {
  await benchThroughput(scratch)
  const { full, empty, ratio } = await benchRenames(scratch)
  console.log('rename of a directory, CPU until told')
  console.log(
    `  empty ${empty.toFixed(0)} us, with 100,000 descendants ${full.toFixed(0)} us: ${ratio.toFixed(2)} x`,
  )
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
