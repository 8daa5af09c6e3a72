import { rmSync } from 'node:fs'
import { FsflowError } from '../../../src/errors/index.js'
import { csv, json, ndjson, text } from '../../../src/sinks/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { sinkContext } from '../../helpers/sinkContext.js'

// Writes batches to standard output and tells on standard error, as JSON, how it went.

export interface StdoutTask {
  readonly sink: 'text' | 'ndjson' | 'json' | 'csv'
  readonly batches: number
  readonly size: number
  /** A file to remove after the first failure, so that the disk has room again, and one batch more is tried. */
  readonly ballast?: string
  /** Ends the process while the first batch waits for its reader. */
  readonly exitWhileWriting?: number
}

export interface StdoutReport {
  readonly written: number
  readonly gone: boolean
  readonly errors: readonly { readonly code: string; readonly lost: unknown; readonly message: string }[]
  readonly ownFiles: readonly string[]
}

const task = JSON.parse(process.argv[2]!) as StdoutTask
const errors: { code: string; lost: unknown; message: string }[] = []

function note(error: unknown): void {
  if (!FsflowError.is(error)) throw error
  errors.push({ code: error.code, lost: 'lost' in error ? error.lost : undefined, message: error.message })
}

const state = { gone: false }
let written = 0
const writer = await { text, ndjson, json, csv }[task.sink]().open(sinkContext())
void writer.gone?.then(() => (state.gone = true))
const batch = (from: number) =>
  Array.from({ length: task.size }, (_, index) =>
    fileEvent(`CREATE /tree/${from + index}`, { seq: from + index }),
  )

for (let round = 0; round < task.batches && !state.gone && errors.length === 0; round += 1) {
  const writing = writer.write(batch(round * task.size))
  if (task.exitWhileWriting !== undefined) {
    setImmediate(() => process.exit(task.exitWhileWriting))
  }
  await writing.then(() => (written += task.size), note)
}
if (task.ballast !== undefined) {
  rmSync(task.ballast)
  await writer.write(batch(1_000_000)).then(() => (written += task.size), note)
}
await writer.close().catch(note)
const report: StdoutReport = {
  written,
  gone: state.gone,
  errors,
  ownFiles: writer.ownFiles.map(({ path, dev, ino }) => `${path} ${dev} ${ino}`),
}
process.stderr.write(JSON.stringify(report))
