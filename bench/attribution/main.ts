// `npm run bench:attribution [-- --runs COUNT]`: how often it is known who did it, for processes that live a
// millisecond, in one run with fatrace. Needs root and a C compiler; fatrace is left out where it is not installed.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  attributionKinds,
  compilePrograms,
  falsehoods,
  isExact,
  runAttribution,
  type AttributionCase,
  type AttributionKind,
} from '../../test/helpers/attributionRun.js'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, help: { type: 'boolean' } },
})
if (values.help === true) {
  console.log('npm run bench:attribution [-- --runs COUNT]   processes of each kind; 10,000 by default')
  process.exit()
}
const RUNS = Number(values.runs)
if (!Number.isSafeInteger(RUNS) || RUNS < 1) throw new Error(`--runs ${values.runs} is not a count`)
const hasFatrace = spawnSync('sh', ['-c', 'command -v fatrace']).status === 0

const percent = (count: number): string => `${((100 * count) / RUNS).toFixed(2).padStart(6)} %`

/** Starts fatrace for the filesystem of a directory; `stop` gives what it named, by file. */
async function startFatrace(directory: string): Promise<() => Promise<Map<string, string>>> {
  const output = `${directory}-fatrace`
  const child = spawn('fatrace', ['-c', '-f', 'W', '-o', output], { cwd: directory, stdio: 'ignore' })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  return async () => {
    // It writes what it has when it ends.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    child.kill('SIGINT')
    await new Promise((resolve) => child.once('exit', resolve))
    const named = new Map<string, string>()
    for (const [, name, file] of readFileSync(output, 'utf8').matchAll(/^(.*)\(\d+\): \S+\s+\S*\/(\S+)$/gm)) {
      named.set(file!, name!)
    }
    rmSync(output)
    return named
  }
}

function print(kind: AttributionKind, cases: readonly AttributionCase[], fatrace: number | undefined): void {
  const known = (field: 'cmdline' | 'cwd') => cases.filter(({ told }) => told?.[field] != null).length
  const named = cases.filter(({ told, name }) => told?.name === name).length
  const certain = cases.filter(({ told, name }) => told?.name === name && told.inferred === undefined).length
  const wrong = cases.flatMap(falsehoods)
  console.log(
    `  ${kind.padEnd(7)} ${percent(cases.filter(isExact).length)}  ${percent(named)}  ${percent(certain)}  ` +
      `${percent(known('cmdline'))}  ${percent(known('cwd'))}  ${String(wrong.length).padStart(5)}  ` +
      (fatrace === undefined ? '      -' : percent(fatrace)),
  )
  if (wrong.length > 0) console.log(`    wrong: ${[...new Set(wrong)].slice(0, 5).join('; ')}`)
}

const scratch = realpathSync(mkdtempSync('/var/tmp/fsflow-attribution-'))
try {
  spawnSync('chmod', ['0755', scratch])
  const programs = compilePrograms(scratch)
  console.log(`${RUNS} processes of each kind, one after the other, each writes one file`)
  console.log('  exact: executable, user and parent; named: also where it is marked as inferred')
  if (!hasFatrace) console.log('  fatrace is left out: it is not installed')
  console.log('  kind      exact      named    certain    cmdline        cwd  wrong  fatrace (name)')
  for (const kind of attributionKinds) {
    const directory = join(scratch, kind)
    const stop = hasFatrace ? await startFatrace(scratch) : undefined
    const before = process.cpuUsage()
    const cases = await runAttribution(programs, directory, kind, RUNS)
    const { user, system } = process.cpuUsage(before)
    const names = await stop?.()
    const right = names && cases.filter(({ name, file }) => names.get(file) === name).length
    print(kind, cases, right)
    console.log(`          ${((user + system) / RUNS).toFixed(0)} us of CPU for each, with the telling`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
