import type { Sink, SinkWriter } from '../contracts/index.js'
import { closeFd } from './output/descriptors.js'
import {
  describeDestination,
  destinationOf,
  type Destination,
  type DestinationOptions,
} from './output/destination.js'
import { inspectArray, openJsonFile } from './output/jsonFile.js'
import { jsonStream } from './output/jsonStream.js'
import { inspectFile, openFile } from './output/openFile.js'
import { checkStdout, openedOutput, openStdout } from './output/openOutput.js'
import { placeOf } from './output/placeOf.js'

async function openArray(destination: Destination, path: string): Promise<SinkWriter> {
  const file = await openFile(destination, path, { append: false })
  if (file.kind !== 'file') return jsonStream(destination, await openedOutput(file))
  try {
    await inspectArray(destination, file.fd, file.size)
    return await openJsonFile(destination, file)
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
export function json(options: DestinationOptions = {}): Sink {
  const destination = destinationOf('json', options, [])
  const { path } = destination
  return {
    name: 'json',
    description: describeDestination('a JSON array', destination),
    destination: () => placeOf(destination),
    async check() {
      if (path === undefined) await checkStdout(destination)
      else await inspectFile(destination, path, (fd, size) => inspectArray(destination, fd, size))
    },
    async open() {
      return path === undefined
        ? jsonStream(destination, await openStdout(destination))
        : openArray(destination, path)
    },
  }
}
