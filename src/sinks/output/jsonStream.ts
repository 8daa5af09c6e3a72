import type { SinkWriter } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import type { Destination } from './destination.js'
import type { Output } from './Output.js'
import { writeError } from './sinkErrors.js'

/**
 * Writes the events as an array to what cannot be written over, such as a pipe: the closing bracket comes at
 * `close`. After a failed write nothing more is written, since it could not make the array whole again.
 */
export function jsonStream(
  destination: Destination,
  output: Output,
  encode: (event: FileEvent) => string,
): SinkWriter {
  let opened = false
  let broken: unknown
  let closed = false
  return {
    ownFiles: output.ownFiles,
    ...(output.gone === undefined ? {} : { gone: output.gone }),
    async write(batch) {
      const total = batch.length
      if (closed) throw writeError(destination, new Error('the sink is closed'), total, total)
      if (total === 0) return
      if (broken !== undefined) throw writeError(destination, broken, total, total)
      const records = batch.map((event, index) => (opened || index > 0 ? ',\n' : '[\n') + encode(event))
      opened = true
      const failure = await output.write(records.join(''), () =>
        records.map((record) => Buffer.byteLength(record)),
      )
      if (failure === undefined) return
      broken = failure.cause
      throw writeError(destination, failure.cause, total - failure.whole, total)
    },
    async close() {
      if (closed) return
      closed = true
      const bracket = opened ? '\n]\n' : '[\n]\n'
      const failure = broken === undefined ? await output.write(bracket, () => [bracket.length]) : undefined
      await output.close()
      if (failure !== undefined) throw writeError(destination, failure.cause, 0, 0)
    },
  }
}
