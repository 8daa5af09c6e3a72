import type { RunContext, Sink, SinkWriter } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { Utf8Buffer } from '../../formats/Utf8Buffer.js'
import { checkFile } from './checkFile.js'
import type { Destination } from './destination.js'
import type { Encode } from './Encode.js'
import { checkStdout, openOutput } from './openOutput.js'
import type { Output } from './Output.js'
import { placeOf } from './placeOf.js'
import { writeError } from './sinkErrors.js'

export interface RecordSinkParts {
  readonly name: string
  readonly description: string
  readonly destination: Destination
  /** Called at each open. */
  readonly encoder: () => Encode
  /** Written first where there is nothing yet. */
  readonly header?: string
  /** Rejects when nothing can be appended to what the file holds; runs at `check` and at `open`. */
  readonly inspect?: () => Promise<void>
  /** Opens what is written to. Default: what `destination` says, as it stands. */
  readonly output?: (context: RunContext) => Promise<Output>
}

// What one batch needed is kept for the next one, unless it was unusually large.
const KEPT_BYTES = 4 * 1024 * 1024

const BYTES_AN_EVENT = 256

/**
 * Passes batches on; `close` is final. A header that does not go in at once, as on a full disk, is tried again with
 * each batch, so that it is a batch that fails, with the number of its events.
 */
async function outputWriter(
  destination: Destination,
  output: Output,
  encode: Encode,
  header: string,
): Promise<SinkWriter> {
  let closed = false
  let spare: Utf8Buffer | undefined
  let due = output.size > 0 ? '' : header
  if (due !== '' && (await output.write(due, () => [Buffer.byteLength(due)])) === undefined) due = ''
  return {
    ownFiles: output.ownFiles,
    ...(output.gone === undefined ? {} : { gone: output.gone }),
    async write(batch) {
      if (closed) throw writeError(destination, new Error('the sink is closed'), batch.length, batch.length)
      if (batch.length === 0) return
      const before = due === '' ? [] : [Buffer.byteLength(due)]
      const sizes = (): readonly number[] => [...before, ...sizesOf(batch, encode)]
      const records = spare ?? new Utf8Buffer(batch.length * BYTES_AN_EVENT)
      spare = undefined
      records.clear()
      if (due !== '') records.text(due)
      encode(batch, records)
      const failure = await output.write(records.bytes, sizes)
      if (records.capacity <= KEPT_BYTES) spare = records
      const whole = failure?.whole ?? Infinity
      if (whole >= before.length) due = ''
      if (failure === undefined) return
      throw writeError(
        destination,
        failure.cause,
        batch.length - Math.max(0, whole - before.length),
        batch.length,
      )
    },
    async close() {
      if (closed) return
      closed = true
      await output.close()
    },
  }
}

function sizesOf(batch: readonly FileEvent[], encode: Encode): number[] {
  const record = new Utf8Buffer(BYTES_AN_EVENT)
  return batch.map((event) => {
    record.clear()
    encode([event], record)
    return record.length
  })
}

/** A sink that appends one record an event, as `text`, `ndjson` and `csv` do. */
export function recordSink(parts: RecordSinkParts): Sink {
  const { name, description, destination, encoder, header = '', inspect, output } = parts
  return {
    name,
    description,
    destination: () => placeOf(destination),
    async check() {
      if (destination.path === undefined) await checkStdout(destination)
      else await checkFile(destination, destination.path)
      await inspect?.()
    },
    async open(context) {
      await inspect?.()
      const opened = output === undefined ? await openOutput(destination) : await output(context)
      return outputWriter(destination, opened, encoder(), header)
    },
  }
}
