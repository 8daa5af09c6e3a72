import type {
  ContentPreview,
  ControlDetails,
  FileMetadata,
  OperationDetails,
  ProcessDetails,
} from './details.js'
import type { FileEvent, FileEventFields } from './FileEvent.js'
import type { EventType } from './eventTypes.js'

type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : S

/** An object type with its keys in snake_case, all the way down. */
type Wire<T> = T extends readonly (infer E)[]
  ? readonly Wire<E>[]
  : T extends object
    ? { readonly [K in keyof T as K extends string ? Snake<K> : K]: Wire<T[K]> }
    : T

/** An event as NDJSON, CSV, SQLite and brokers carry it. */
export interface WireEvent {
  readonly timestamp: string
  readonly timestamp_unix: number
  readonly seq: number
  readonly event_type: EventType
  readonly file_path: string
  readonly file_path_bytes?: string
  readonly is_directory: boolean
  readonly old_path?: string
  readonly old_path_bytes?: string
  readonly cookie?: number
  readonly source: string
  readonly synthetic?: true
  readonly merged?: true
  readonly batch_id?: number
  readonly batch_size?: number
  readonly file_metadata?: Wire<FileMetadata> | null
  readonly process_details?: Wire<ProcessDetails> | null
  readonly process_unknown?: string
  readonly operation_details?: Wire<OperationDetails> | null
  readonly content_preview?: Wire<ContentPreview> | null
  readonly control_details?: Wire<ControlDetails>
}

let lastSecond = NaN
let lastSecondText = ''

/** RFC 3339 in UTC with six decimals. The whole seconds are kept from call to call: they rarely change. */
export function formatTimestamp(micros: number): string {
  const second = Math.floor(micros / 1e6)
  if (second !== lastSecond) {
    lastSecondText = new Date(second * 1000).toISOString().slice(0, 20)
    lastSecond = second
  }
  return lastSecondText + String(micros - second * 1e6).padStart(6, '0') + 'Z'
}

export function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

// Keys below these are data (names of variables and limits), not field names.
const dataKeys: ReadonlySet<string> = new Set(['environment', 'limits', 'counts'])

/** A copy with its keys renamed, all the way down. */
export function renameKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, rename))
  if (typeof value !== 'object' || value === null) return value
  const result: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) result[rename(key)] = dataKeys.has(key) ? item : renameKeys(item, rename)
  }
  return result
}

/** The fields that are copied as they are, their keys renamed. */
export const detailFields = [
  'fileMetadata',
  'processDetails',
  'processUnknown',
  'operationDetails',
  'contentPreview',
  'controlDetails',
] as const satisfies readonly (keyof FileEventFields)[]

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** The wire form of an event, its fields in the order of the documentation. */
export function toWire(event: FileEvent): WireEvent {
  const wire: Record<string, unknown> = {
    timestamp: formatTimestamp(event.timestampMicros),
    timestamp_unix: Math.floor(event.timestampMicros / 1e6),
    seq: event.seq,
    event_type: event.eventType,
    file_path: event.filePath,
  }
  if (event.filePathBytes !== undefined) wire.file_path_bytes = base64(event.filePathBytes)
  wire.is_directory = event.isDirectory
  if (event.oldPath !== undefined) wire.old_path = event.oldPath
  if (event.oldPathBytes !== undefined) wire.old_path_bytes = base64(event.oldPathBytes)
  if (event.cookie !== undefined) wire.cookie = event.cookie
  wire.source = event.source
  if (event.synthetic) wire.synthetic = true
  if (event.merged) wire.merged = true
  if (event.batchId !== undefined) wire.batch_id = event.batchId
  if (event.batchSize !== undefined) wire.batch_size = event.batchSize
  for (const field of detailFields) {
    const value = event[field]
    if (value !== undefined) wire[snake(field)] = renameKeys(value, snake)
  }
  return wire as unknown as WireEvent
}
