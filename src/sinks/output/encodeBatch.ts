import type { FileEvent } from '../../events/index.js'
import type { Encode } from './recordSink.js'

// Long texts that are put together of many pieces are slow to turn into bytes: 64 events at a time take half the time
// of a whole batch.
const EVENTS_A_TEXT = 64
const BYTES_AN_EVENT = 256
// Of one UTF-16 code unit, at most.
const BYTES_A_UNIT = 3

/** A batch as bytes, and what they lie in, which may be larger. */
export interface EncodedBatch {
  readonly bytes: Buffer
  readonly room: Buffer
}

/**
 * A batch as bytes, behind `header`. They are put in `room`, if they fit: memory that is fresh from the kernel costs
 * more than to write to it.
 */
export function encodeBatch(
  batch: readonly FileEvent[],
  encode: Encode,
  header: string,
  room?: Buffer,
): EncodedBatch {
  let buffer = room ?? Buffer.allocUnsafe(batch.length * BYTES_AN_EVENT)
  let used = 0
  const append = (text: string): void => {
    const end = used + text.length * BYTES_A_UNIT
    if (end > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, buffer.length * 2))
      buffer.copy(larger, 0, 0, used)
      buffer = larger
    }
    used += buffer.write(text, used)
  }
  if (header !== '') append(header)
  for (let i = 0; i < batch.length; i += EVENTS_A_TEXT) append(encode(batch.slice(i, i + EVENTS_A_TEXT)))
  return { bytes: buffer.subarray(0, used), room: buffer }
}
