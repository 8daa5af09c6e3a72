import type { OwnFile } from '../../contracts/index.js'
import { readFd, statFd, truncateFd } from './descriptors.js'
import { wholeRecords, type Output, type WriteFailure } from './Output.js'
import { writeAll } from './writeAll.js'

export interface FdOutputOptions {
  readonly fd: number
  readonly size: number
  readonly ownFiles: readonly OwnFile[]
  /** True when what is there does not end at the end of a line. */
  readonly torn: boolean
  /**
   * When a partial record is cut off: at once, for a regular file opened with O_APPEND for reading and writing;
   * at the close, for one whose place is shared with other programs, as that of standard output is; never, for
   * what is not a regular file.
   */
  readonly cut: 'at once' | 'at close' | 'never'
  readonly close: () => Promise<void>
}

const newline = Buffer.from('\n')

/** Takes `length` bytes off the end of the file, unless it is no longer `size` bytes. */
async function cutUnchanged(fd: number, size: number, length: number): Promise<void> {
  if (Number((await statFd(fd)).size) === size) await truncateFd(fd, size - length)
}

/** Takes `tail` off the end of the file; false when the file does not end in it, since another wrote after us. */
async function cutOff(fd: number, tail: Buffer): Promise<boolean> {
  try {
    const start = Number((await statFd(fd)).size) - tail.length
    if (!(await readFd(fd, start, tail.length)).equals(tail)) return false
    await truncateFd(fd, start)
    return true
  } catch {
    return false
  }
}

/**
 * Writes to a descriptor: a file, a device, a terminal.
 *
 * A record that was written in part, as on a full disk, is cut off. Where that has to wait or is not possible,
 * the next write begins with a newline, so that the damage stays within one line.
 */
export function fdOutput({ fd, size, ownFiles, torn, cut, close }: FdOutputOptions): Output {
  let partial = { size: 0, length: 0 }
  return {
    size,
    ownFiles,
    async write(data, recordSizes): Promise<WriteFailure | undefined> {
      const mend = torn ? 1 : 0
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      const buffer = torn ? Buffer.concat([newline, bytes]) : bytes
      const { written, cause } = await writeAll(fd, buffer, null)
      if (cause === undefined) {
        torn = false
        return undefined
      }
      const { count, end } = wholeRecords(recordSizes(), written - mend)
      const tail = buffer.subarray(Math.min(mend, written) + end, written)
      const failure = { cause, whole: count }
      if (written === 0) return failure
      torn = tail.length > 0 && !(cut === 'at once' && (await cutOff(fd, tail)))
      if (torn && cut === 'at close') partial = { size: Number((await statFd(fd)).size), length: tail.length }
      return failure
    },
    async close() {
      if (torn && partial.length > 0) await cutUnchanged(fd, partial.size, partial.length)
      await close()
    },
  }
}
