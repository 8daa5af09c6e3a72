import { oldPathKey, pathKey, type FileEvent } from '../../events/index.js'
import { rawFromText } from '../../linux/rawPath.js'

export function rawPathOf(event: FileEvent): string {
  return rawKey(pathKey(event))
}

export function rawOldPathOf(event: FileEvent): string {
  return rawKey(oldPathKey(event))
}

/** The raw path of a key of `pathKey`. */
function rawKey(key: string): string {
  return key.startsWith('\0') ? key.slice(1) : rawFromText(key)
}

/** True for the directory itself and all below it. */
export function isIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

/** True when the path, or one above it, is among those. */
export function isAtOrBelow(path: string, places: ReadonlySet<string>): boolean {
  if (places.size === 0) return false
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (places.has(path.slice(0, end))) return true
  }
  return places.has('/')
}
