import { formatTimestamp, type FileEvent } from '../events/index.js'
import { renameKeys, snake, type detailFields } from '../events/toWire.js'

// What JSON has to escape, and halves of surrogate pairs, which it escapes so that the result is valid UTF-8.
// eslint-disable-next-line no-control-regex
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/

/** A string of JSON. */
export function quote(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** What begins an event of that time, up to the digits of its `seq`. */
export function startText(micros: number): string {
  return `{"timestamp":"${formatTimestamp(micros)}","timestamp_unix":${Math.floor(micros / 1e6)},"seq":`
}

let lastMicros = NaN
let lastStart = ''

// Events come in batches with one time: what begins them is kept from call to call.
function start(micros: number): string {
  if (micros !== lastMicros) {
    lastMicros = micros
    lastStart = startText(micros)
  }
  return lastStart
}

/** What stands between the digits of `seq` and the path. */
export function typeText(type: string): string {
  return `,"event_type":"${type}","file_path":`
}

function detail(field: (typeof detailFields)[number], value: unknown): string {
  return `,"${snake(field)}":${JSON.stringify(renameKeys(value, snake))}`
}

/**
 * The event as one JSON object without a newline: exactly `JSON.stringify(toWire(event))`, but
 * faster, since it makes no object for the fields that every event has, and asks for each field by its name.
 */
export function toJson(event: FileEvent): string {
  let json = `${start(event.timestampMicros)}${event.seq}${typeText(event.eventType)}${quote(event.filePath)}`
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
  if (event.fileMetadata !== undefined) json += detail('fileMetadata', event.fileMetadata)
  if (event.processDetails !== undefined) json += detail('processDetails', event.processDetails)
  if (event.processUnknown !== undefined) json += detail('processUnknown', event.processUnknown)
  if (event.operationDetails !== undefined) json += detail('operationDetails', event.operationDetails)
  if (event.contentPreview !== undefined) json += detail('contentPreview', event.contentPreview)
  if (event.controlDetails !== undefined) json += detail('controlDetails', event.controlDetails)
  return json + '}'
}
