import type { FileEvent } from '../../events/index.js'
import { rawFromText } from '../../linux/rawPath.js'

// Unlike the keys of pathKey(), a raw path begins with the raw path of its directory also when only one of the two
// is valid UTF-8: needed wherever paths are compared as a tree.

/** A path with one character for each byte. */
export function rawPath(text: string, bytes: Uint8Array | undefined): string {
  return bytes === undefined ? rawFromText(text) : Buffer.from(bytes).toString('latin1')
}

/** The event's path with one character for each byte. */
export function rawPathOf(event: FileEvent): string {
  return rawPath(event.filePath, event.filePathBytes)
}

/** The same for the old path of a `RENAME`. */
export function rawOldPathOf(event: FileEvent): string {
  return rawPath(event.oldPath ?? '', event.oldPathBytes)
}

/** The directory that a path is an entry of; empty for an entry of `/` and for no path. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '' : path.slice(0, slash)
}
