import { toWire, type FileEvent, type WireEvent } from '../events/index.js'

/** What a CloudEvent needs that an event does not have. */
export interface CloudEventContext {
  /** Unique among all events of the same source. */
  readonly id: string
  /** A URI reference: who tells it. */
  readonly source: string
}

/** An event in the JSON form of CloudEvents 1.0. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  /** The path; left out for events about the stream, which have none. */
  readonly subject?: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: WireEvent
}

/** An event as a CloudEvent 1.0, with its wire form as `data`; the type is as in `fsflow.close_write`. */
export function toCloudEvent(event: FileEvent, { id, source }: CloudEventContext): CloudEvent {
  const data = toWire(event)
  return {
    specversion: '1.0',
    id,
    source,
    type: `fsflow.${event.eventType.toLowerCase()}`,
    ...(event.filePath !== '' && { subject: event.filePath }),
    time: data.timestamp,
    datacontenttype: 'application/json',
    data,
  }
}
