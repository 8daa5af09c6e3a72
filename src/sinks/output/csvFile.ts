import { readFd } from './descriptors.js'
import type { Destination } from './destination.js'
import { openError } from './sinkErrors.js'

/** Rejects when rows behind the line `header` cannot be appended to a file of `size` bytes. */
export async function inspectCsv(
  destination: Destination,
  header: string,
  fd: number,
  size: number,
): Promise<void> {
  if (size === 0) return
  if ((await readFd(fd, 0, Buffer.byteLength(header))).toString() !== header) {
    const hint = 'Write to a new file, or give the columns that the file has.'
    throw openError(destination, 'the file does not begin with the columns that are to be written', hint)
  }
  if ((await readFd(fd, size - 1, 1)).toString() !== '\n') {
    throw openError(
      destination,
      'the file does not end at the end of a record',
      'Mend its last line, or write to a new file.',
    )
  }
}
