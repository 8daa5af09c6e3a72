// Writes events to a rotated file until it is killed. Tells how many are written, a line for a batch.
import { file } from '../../../src/sinks/index.js'
import { fileEvent } from '../../../src/testing/index.js'

const [, , path, first] = process.argv as [string, string, string, string]
const sink = file({ path, rotate: { size: 20_000, keep: 100_000, compress: true } })
const writer = await sink.open({ signal: new AbortController().signal, report: () => undefined })

const BATCH = 50
for (let seq = Number(first); ; seq += BATCH) {
  await writer.write(
    Array.from({ length: BATCH }, (_, index) =>
      fileEvent(`CREATE /${'x'.repeat((seq + index) % 97)}`, { seq: seq + index }),
    ),
  )
  process.stdout.write(`${seq + BATCH}\n`)
}
