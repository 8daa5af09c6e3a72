// `npm run bench:history`: 10,000 saves of 1,000 files of 1 to 100 kB, and what the history has of them. With fanotify,
// which needs root, else with inotify. BENCH_SAVES and BENCH_RATE (saves a second) change the load.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { historyLoad } from './historyLoad.js'

const scratch = mkdtempSync(join(tmpdir(), 'fsflow-bench-'))
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
try {
  const source = process.geteuid?.() === 0 ? 'fanotify' : 'inotify'
  const report = await historyLoad(scratch, {
    source,
    saves: Number(process.env.BENCH_SAVES ?? 10_000),
    files: 1000,
    maxBytes: 100_000,
    perSecond: Number(process.env.BENCH_RATE ?? 120),
    stayMs: 1000,
    maxMemory: 64 * 1024 * 1024,
  })
  console.log(
    `${report.saves} saves, watched by ${source}; ${report.lasting} of them stayed a second or more`,
  )
  console.log(`of these missing: ${report.missing}; versions in all: ${report.versions}`)
  console.log(`restored otherwise than saved: ${report.wrongRestores}`)
  console.log(
    `saved: ${megabytes(report.distinctBytes)}; store: ${megabytes(report.storeBytes)}, ` +
      `${(report.storeBytes / report.distinctBytes).toFixed(2)} times`,
  )
  console.log(
    `memory: ${megabytes(report.memoryBytes)} more at the most; complete ${report.lagMs} ms after the last save`,
  )
  if (report.missing > 0 || report.wrongRestores > 0) process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
