import type { FileEvent } from '../../events/index.js'
import { inexactBytes } from '../../linux/rawPath.js'
import { rawPath, rawPathOf } from './pathBytes.js'

/** A path as events carry it. */
export interface EventPath {
  readonly text: string
  readonly bytes: Uint8Array | undefined
}

export function newPath(event: FileEvent): EventPath {
  return { text: event.filePath, bytes: event.filePathBytes }
}

export function oldPath(event: FileEvent): EventPath {
  return { text: event.oldPath ?? '', bytes: event.oldPathBytes }
}

/** The event as it is when its directory `from`, or one further up, has become `to`. */
export function underRenamed(event: FileEvent, from: EventPath, to: EventPath): FileEvent {
  const filePath = to.text + event.filePath.slice(from.text.length)
  if (!filePath.includes('\ufffd')) return event.with({ filePath, filePathBytes: undefined })
  const below = rawPathOf(event).slice(rawPath(from.text, from.bytes).length)
  return event.with({ filePath, filePathBytes: inexactBytes(rawPath(to.text, to.bytes) + below, filePath) })
}

/** What a rename is for the old path alone. */
export function asDelete(rename: FileEvent): FileEvent {
  return rename.with({
    eventType: 'DELETE',
    filePath: rename.oldPath!,
    filePathBytes: rename.oldPathBytes,
    oldPath: undefined,
    oldPathBytes: undefined,
  })
}

/** What a rename is for the new path alone. */
export function asCreate(rename: FileEvent): FileEvent {
  return rename.with({ eventType: 'CREATE', oldPath: undefined, oldPathBytes: undefined })
}
