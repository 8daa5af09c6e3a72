import { formatTimestamp, type FileEvent } from '../../events/index.js'

/**
 * What a command is told in its environment: how many events, and of a single event what it is. The names of files
 * are as in `file_path`: in one that is not UTF-8 there is U+FFFD, and the JSON on standard input has the bytes.
 */
export function environmentOf(events: readonly FileEvent[]): Record<string, string> {
  const [event] = events
  const count = { FSFLOW_EVENTS: String(events.length) }
  if (event === undefined || events.length > 1) return count
  return {
    ...count,
    FSFLOW_EVENT_TYPE: event.eventType,
    FSFLOW_FILE_PATH: event.filePath,
    ...(event.oldPath !== undefined && { FSFLOW_OLD_PATH: event.oldPath }),
    FSFLOW_IS_DIRECTORY: String(event.isDirectory),
    FSFLOW_TIMESTAMP: formatTimestamp(event.timestampMicros),
    FSFLOW_SEQ: String(event.seq),
  }
}
