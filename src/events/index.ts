export * from './details.js'
export {
  controlEventTypes,
  eventGroups,
  eventTypes,
  expandEventTypes,
  isControlType,
  isEventType,
  kernelEventTypes,
  type ControlEventType,
  type EventGroup,
  type EventType,
  type KernelEventType,
} from './eventTypes.js'
export { FileEvent, oldPathKey, pathKey, type EventOrigin, type FileEventFields } from './FileEvent.js'
export { fromWire, parseTimestamp } from './fromWire.js'
export { eventSchema } from './schema.js'
export { formatTimestamp, toWire, type WireEvent } from './toWire.js'
