import { FileEvent, type FileEventFields } from './FileEvent.js'
import { isEventType } from './eventTypes.js'
import { detailFields, renameKeys, snake } from './toWire.js'

/** The opposite of `formatTimestamp`; `NaN` for text that is no RFC 3339 time. */
export function parseTimestamp(text: string): number {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (match === null) return NaN
  const micros = Number((match[2] ?? '').padEnd(6, '0').slice(0, 6))
  return Date.parse(match[1]! + match[3]!) * 1000 + micros
}

function camel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function bytesField(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined
}

/**
 * The event that a wire object tells of.
 *
 * Throws a `TypeError` that names the field when a required one is missing or of the wrong type. Details are
 * taken as they are: validate with `eventSchema` where the input is not trusted.
 */
export function fromWire(input: unknown): FileEvent {
  if (typeof input !== 'object' || input === null) throw new TypeError('an event must be an object')
  const wire = input as Record<string, unknown>
  const need = (field: string, type: 'string' | 'number' | 'boolean'): unknown => {
    const value = wire[field]
    if (typeof value !== type) throw new TypeError(`${field} must be a ${type}, got ${typeof value}`)
    return value
  }
  const eventType = wire.event_type
  if (!isEventType(eventType)) throw new TypeError(`event_type is not a known type: ${String(eventType)}`)
  const timestampMicros = parseTimestamp(need('timestamp', 'string') as string)
  if (Number.isNaN(timestampMicros)) throw new TypeError('timestamp is not an RFC 3339 time')
  const details = Object.fromEntries(
    detailFields
      .filter((field) => wire[snake(field)] !== undefined)
      .map((field) => [field, renameKeys(wire[snake(field)], camel)]),
  ) as Partial<FileEventFields>
  return new FileEvent({
    timestampMicros,
    seq: need('seq', 'number') as number,
    eventType,
    filePath: need('file_path', 'string') as string,
    filePathBytes: bytesField(wire.file_path_bytes),
    isDirectory: need('is_directory', 'boolean') as boolean,
    oldPath: typeof wire.old_path === 'string' ? wire.old_path : undefined,
    oldPathBytes: bytesField(wire.old_path_bytes),
    cookie: typeof wire.cookie === 'number' ? wire.cookie : undefined,
    source: need('source', 'string') as string,
    synthetic: wire.synthetic === true,
    merged: wire.merged === true,
    batchId: typeof wire.batch_id === 'number' ? wire.batch_id : undefined,
    batchSize: typeof wire.batch_size === 'number' ? wire.batch_size : undefined,
    ...details,
  })
}
