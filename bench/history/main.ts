// `npm run bench:history`: 10,000 saves of 1,000 files of 1 to 100 kB, and what the history has of them. With fanotify,
// which needs root, else with inotify. BENCH_SAVES and BENCH_RATE (saves a second) change the load.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { historyLoad } from './historyLoad.js'

const scratch = mkdtempSync(join(tmpdir(), 'fsflow-bench-'))
const maxMemory = 64 * 1024 * 1024
// What the process holds beside contents: events in queues, digests and paths that it knows, contents being read.
const margin = 32 * 1024 * 1024
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
    maxMemory,
    lookMs: 2000,
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
    `contents in memory: ${megabytes(report.contentBytes)} at the most, of ${megabytes(maxMemory)} allowed`,
  )
  console.log(
    `held after a collection: ${megabytes(report.heldBytes)} more than idle at the most, ` +
      `of ${megabytes(maxMemory + margin)} allowed`,
  )
  console.log(
    `resident: ${megabytes(report.residentBytes)} more than idle at the most, ` +
      `peak ${megabytes(report.peakResidentBytes)} in all`,
  )
  console.log(`complete ${report.lagMs} ms after the last save`)
  const isBounded = report.contentBytes <= maxMemory && report.heldBytes <= maxMemory + margin
  const isSmall = report.storeBytes <= 1.2 * report.distinctBytes
  if (report.missing > 0 || report.wrongRestores > 0 || !isBounded || !isSmall) process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
