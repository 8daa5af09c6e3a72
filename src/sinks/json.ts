import type { Sink, SinkWriter } from '../contracts/index.js'
import type { FileEvent } from '../events/index.js'
import { closeFd } from './output/descriptors.js'
import { recordNames } from '../formats/recordFormat.js'
import { describeDestination, destinationOf, type Destination } from './output/destination.js'
import { inspectArray, openJsonFile } from './output/jsonFile.js'
import { jsonStream } from './output/jsonStream.js'
import { inspectFile, openFile } from './output/openFile.js'
import { checkStdout, openedOutput, openStdout } from './output/openOutput.js'
import { placeOf } from './output/placeOf.js'
import { encoderFor, formatOf, type RecordOptions } from './output/recordOptions.js'

export type JsonSinkOptions = RecordOptions

type Encode = (event: FileEvent) => string

async function openArray(destination: Destination, path: string, encode: Encode): Promise<SinkWriter> {
  const file = await openFile(destination, path, { append: false })
  if (file.kind !== 'file') return jsonStream(destination, await openedOutput(file), encode)
  try {
    await inspectArray(destination, file.fd, file.size)
    return await openJsonFile(destination, file, encode)
  } catch (error) {
    await closeFd(file.fd)
    throw error
  }
}

/**
 * Writes the events as one JSON array, one event a line, to standard output or into a file.
 *
 * In a regular file the array is whole after every batch, and taken up again by the next run; a file that is
 * something else is refused with FSFLOW_SINK_OPEN. On standard output and on a FIFO the closing bracket comes
 * at `close`. Other errors as for `ndjson`. Throws FSFLOW_INVALID_OPTION.
 */
export function json(options: JsonSinkOptions = {}): Sink {
  const destination = destinationOf('json', options, ['format'])
  const format = formatOf('json', options)
  const { path } = destination
  return {
    name: 'json',
    description: describeDestination(
      format === 'json' ? 'a JSON array' : `a JSON array of ${recordNames[format]} objects`,
      destination,
    ),
    destination: () => placeOf(destination),
    async check() {
      if (path === undefined) await checkStdout(destination)
      else await inspectFile(destination, path, (fd, size) => inspectArray(destination, fd, size))
    },
    async open() {
      const encode = encoderFor(format)
      return path === undefined
        ? jsonStream(destination, await openStdout(destination), encode)
        : openArray(destination, path, encode)
    },
  }
}
