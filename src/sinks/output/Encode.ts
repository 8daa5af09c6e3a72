import type { FileEvent } from '../../events/index.js'
import type { Utf8Buffer } from '../../formats/Utf8Buffer.js'

/** Appends events as records, each whole. */
export type Encode = (batch: readonly FileEvent[], to: Utf8Buffer) => void

// Long texts that are put together of many pieces are slow to turn into bytes: 64 events at a time take half the time
// of a whole batch.
const EVENTS_A_TEXT = 64

/** What appends events that are made texts first. */
export function asText(format: (batch: readonly FileEvent[]) => string): Encode {
  return (batch, to) => {
    for (let i = 0; i < batch.length; i += EVENTS_A_TEXT) to.text(format(batch.slice(i, i + EVENTS_A_TEXT)))
  }
}
