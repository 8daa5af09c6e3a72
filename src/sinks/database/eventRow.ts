import { toWire, type FileEvent } from '../../events/index.js'
import type { EventRow } from './EventsWriter.js'

/** An event as a row: what has a column of its own, and the rest of its wire form as JSON. */
export function eventRow(event: FileEvent): EventRow {
  // Their columns have them.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  const { timestamp, timestamp_unix, seq, event_type, file_path, ...rest } = toWire(event)
  const process = event.processDetails
  return [
    event.timestampMicros,
    event_type,
    file_path,
    process?.pid ?? event.pid ?? null,
    process?.name ?? null,
    seq,
    JSON.stringify(rest),
  ]
}
