import type { RunContext, Sink, SinkWriter } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { checkFile } from './checkFile.js'
import type { Destination } from './destination.js'
import { encodeBatch } from './encodeBatch.js'
import { checkStdout, openOutput } from './openOutput.js'
import type { Output } from './Output.js'
import { placeOf } from './placeOf.js'
import { writeError } from './sinkErrors.js'

/** Events as text that ends at the end of a record. */
export type Encode = (batch: readonly FileEvent[]) => string

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
  let spare: Buffer | undefined
  let due = output.size > 0 ? '' : header
  if (due !== '' && (await output.write(due, () => [Buffer.byteLength(due)])) === undefined) due = ''
  return {
    ownFiles: output.ownFiles,
    ...(output.gone === undefined ? {} : { gone: output.gone }),
    async write(batch) {
      if (closed) throw writeError(destination, new Error('the sink is closed'), batch.length, batch.length)
      if (batch.length === 0) return
      const before = due === '' ? [] : [Buffer.byteLength(due)]
      const sizes = (): readonly number[] => [
        ...before,
        ...batch.map((event) => Buffer.byteLength(encode([event]))),
      ]
      const { bytes, room } = encodeBatch(batch, encode, due, spare)
      spare = undefined
      const failure = await output.write(bytes, sizes)
      if (room.length <= KEPT_BYTES) spare = room
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
