import { setTimeout as wait } from 'node:timers/promises'
import { writeFd } from './descriptors.js'
import { errnoOf } from './sinkErrors.js'

/** Long enough to leave the processor alone, short enough that nobody waits for it. */
const retryAfter = 10

export interface WriteResult {
  /** Bytes. */
  readonly written: number
  /** Why it is not everything. */
  readonly cause?: unknown
}

/**
 * Writes the whole buffer, in as many write(2) calls as it takes; usually one.
 *
 * `position` is `null` for the descriptor's own place. A descriptor that was set to non-blocking by another
 * program and has no room is tried again until it has.
 */
export async function writeAll(fd: number, buffer: Buffer, position: number | null): Promise<WriteResult> {
  let written = 0
  while (written < buffer.length) {
    const at = position === null ? null : position + written
    try {
      written += (await writeFd(fd, buffer, written, buffer.length - written, at)).bytesWritten
    } catch (cause) {
      if (errnoOf(cause) !== 'EAGAIN') return { written, cause }
      await wait(retryAfter)
    }
  }
  return { written }
}
