import type { Sink, SinkWriter } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { checkFile } from './checkFile.js'
import type { Destination } from './destination.js'
import { checkStdout, openOutput } from './openOutput.js'
import type { Output } from './Output.js'
import { placeOf } from './placeOf.js'
import { openError, writeError } from './sinkErrors.js'

/** A batch as text that ends at the end of a record. */
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
}

/** Opens for writing and passes batches on; `close` is final. */
export function outputWriter(destination: Destination, output: Output, encode: Encode): SinkWriter {
  let closed = false
  return {
    ownFiles: output.ownFiles,
    ...(output.gone === undefined ? {} : { gone: output.gone }),
    async write(batch) {
      if (closed) throw writeError(destination, new Error('the sink is closed'), batch.length, batch.length)
      if (batch.length === 0) return
      const sizes = (): readonly number[] => batch.map((event) => Buffer.byteLength(encode([event])))
      const failure = await output.write(encode(batch), sizes)
      if (failure === undefined) return
      throw writeError(destination, failure.cause, batch.length - failure.whole, batch.length)
    },
    async close() {
      if (closed) return
      closed = true
      await output.close()
    },
  }
}

async function writeHeader(destination: Destination, output: Output, header: string): Promise<void> {
  if (output.size > 0) return
  const failure = await output.write(header, () => [Buffer.byteLength(header)])
  if (failure === undefined) return
  await output.close()
  throw openError(destination, failure.cause)
}

/** A sink that appends one record an event, as `text`, `ndjson` and `csv` do. */
export function recordSink(parts: RecordSinkParts): Sink {
  const { name, description, destination, encoder, header, inspect } = parts
  return {
    name,
    description,
    destination: () => placeOf(destination),
    async check() {
      if (destination.path === undefined) await checkStdout(destination)
      else await checkFile(destination, destination.path)
      await inspect?.()
    },
    async open() {
      await inspect?.()
      const output = await openOutput(destination)
      if (header !== undefined) await writeHeader(destination, output, header)
      return outputWriter(destination, output, encoder())
    },
  }
}
