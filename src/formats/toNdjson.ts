import type { FileEvent } from '../events/index.js'
import { toJson } from './toJson.js'

/** The event as one line of NDJSON, with its newline: the wire form, fields in the documented order. */
export function toNdjson(event: FileEvent): string {
  return toJson(event) + '\n'
}
