import { formatTimestamp, type FileEvent } from '../events/index.js'
import { detailFields, renameKeys, snake } from '../events/toWire.js'

// What JSON has to escape, and halves of surrogate pairs, which it escapes so that the result is valid UTF-8.
// eslint-disable-next-line no-control-regex
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/

function quote(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/**
 * The event as one JSON object without a newline: exactly `JSON.stringify(toWire(event))`, but
 * faster, since it makes no object for the fields that every event has.
 */
export function toJson(event: FileEvent): string {
  const micros = event.timestampMicros
  let json =
    `{"timestamp":"${formatTimestamp(micros)}","timestamp_unix":${Math.floor(micros / 1e6)},"seq":${event.seq}` +
    `,"event_type":"${event.eventType}","file_path":${quote(event.filePath)}`
  if (event.filePathBytes !== undefined) json += `,"file_path_bytes":"${base64(event.filePathBytes)}"`
  json += event.isDirectory ? ',"is_directory":true' : ',"is_directory":false'
  if (event.oldPath !== undefined) json += `,"old_path":${quote(event.oldPath)}`
  if (event.oldPathBytes !== undefined) json += `,"old_path_bytes":"${base64(event.oldPathBytes)}"`
  if (event.cookie !== undefined) json += `,"cookie":${event.cookie}`
  json += `,"source":${quote(event.source)}`
  if (event.synthetic) json += ',"synthetic":true'
  if (event.merged) json += ',"merged":true'
  if (event.batchId !== undefined) json += `,"batch_id":${event.batchId}`
  if (event.batchSize !== undefined) json += `,"batch_size":${event.batchSize}`
  for (const field of detailFields) {
    const value = event[field]
    if (value !== undefined) json += `,"${snake(field)}":${JSON.stringify(renameKeys(value, snake))}`
  }
  return json + '}'
}
