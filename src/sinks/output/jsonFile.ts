import type { SinkWriter } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { closeFd, readFd, statFd, truncateFd } from './descriptors.js'
import type { Destination } from './destination.js'
import type { OpenedFile } from './openFile.js'
import { wholeRecords } from './Output.js'
import { openError, writeError } from './sinkErrors.js'
import { writeAll } from './writeAll.js'

const opening = '['
const closing = '\n]\n'

/**
 * Rejects with FSFLOW_SINK_OPEN unless the file is empty or begins and ends as this sink leaves it, so that the
 * array can be taken up again.
 */
export async function inspectArray(destination: Destination, fd: number, size: number): Promise<void> {
  if (size === 0) return
  const head = (await readFd(fd, 0, 3)).toString()
  const tail = (await readFd(fd, Math.max(0, size - 4), 4)).toString()
  const empty = size === opening.length + closing.length && tail === opening + closing
  if (empty || (head === '[\n{' && tail === '}' + closing)) return
  throw openError(
    destination,
    'the file is not an array as this sink leaves it, one event a line',
    'Write to a new file, or use ndjson, to which anything can be appended.',
  )
}

/**
 * Writes the events into an array that is whole in the file after every batch: each write begins over the closing
 * bracket and ends with it, so that even a process that is killed leaves valid JSON.
 *
 * The file must be open without O_APPEND, for reading and writing.
 */
export async function openJsonFile(
  destination: Destination,
  file: OpenedFile,
  encode: (event: FileEvent) => string,
): Promise<SinkWriter> {
  const { fd, ownFiles } = file
  // Where the closing bracket begins.
  let end = Math.max(opening.length, file.size - closing.length)
  let broken: unknown
  let closed = false

  const separator = (index: number): string => (index === 0 && end === opening.length ? '\n' : ',\n')

  // The bracket goes behind the last whole record that leaves room for it; what was there makes room for certain.
  const closeAfter = async (sizes: readonly number[], written: number): Promise<number> => {
    let { count, end: length } = wholeRecords(sizes, written)
    for (;;) {
      const bracket = await writeAll(fd, Buffer.from(closing), end + length)
      if (bracket.cause === undefined) {
        await truncateFd(fd, end + length + closing.length)
        end += length
        return count
      }
      if (count === 0) throw bracket.cause as Error
      count -= 1
      length -= sizes[count]!
    }
  }

  const write = async (batch: readonly FileEvent[]): Promise<void> => {
    const total = batch.length
    if (closed) throw writeError(destination, new Error('the sink is closed'), total, total)
    if (total === 0) return
    if (broken !== undefined) throw writeError(destination, broken, total, total)
    if (Number((await statFd(fd)).size) !== end + closing.length) {
      throw writeError(destination, new Error('another program has changed the file'), total, total)
    }
    const records = batch.map((event, index) => separator(index) + encode(event))
    const { written, cause } = await writeAll(fd, Buffer.from(records.join('') + closing), end)
    const sizes = records.map((record) => Buffer.byteLength(record))
    if (cause === undefined) {
      end += written - closing.length
      return
    }
    const whole = await closeAfter(sizes, written).catch((error: unknown) => {
      broken = error
      return 0
    })
    throw writeError(destination, cause, total - whole, total)
  }

  if (file.size === 0) {
    const { cause } = await writeAll(fd, Buffer.from(opening + closing), 0)
    if (cause !== undefined) throw openError(destination, cause)
  }
  return {
    ownFiles,
    write,
    async close() {
      if (closed) return
      closed = true
      await closeFd(fd)
    },
  }
}
