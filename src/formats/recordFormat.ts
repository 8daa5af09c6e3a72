import { toWire, type FileEvent } from '../events/index.js'
import type { SchemaContext } from './schemaContext.js'
import { toCloudEvent } from './toCloudEvent.js'
import { toEcs } from './toEcs.js'
import { toJson } from './toJson.js'
import { toOcsf } from './toOcsf.js'

/** The forms in which one event is one JSON object. */
export const recordFormats = ['json', 'ecs', 'ocsf', 'cloudevents'] as const

export type RecordFormat = (typeof recordFormats)[number]

/** The forms in words, for descriptions. */
export const recordNames: Readonly<Record<RecordFormat, string>> = {
  json: 'JSON',
  ecs: 'ECS',
  ocsf: 'OCSF',
  cloudevents: 'CloudEvents',
}

/** The event as an object of this form. */
export function toRecord(format: RecordFormat, event: FileEvent, context: SchemaContext): object {
  if (format === 'json') return toWire(event)
  if (format === 'ecs') return toEcs(event, context)
  if (format === 'ocsf') return toOcsf(event, context)
  return toCloudEvent(event, { id: context.id, source: `/fsflow/${encodeURIComponent(context.host)}` })
}

/**
 * What makes one JSON object of an event, without a newline. The id of an event is `run` and its place in the stream,
 * so that the same event has the same one each time.
 */
export function recordEncoder(
  format: RecordFormat,
  { run, host }: { readonly run: string; readonly host: string },
): (event: FileEvent) => string {
  if (format === 'json') return toJson
  return (event) => JSON.stringify(toRecord(format, event, { id: `${run}.${event.seq}`, host }))
}
