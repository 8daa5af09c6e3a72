import { existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** The absolute path, or the nearest one above it that leads to something. */
export function nearestExisting(path: string): string {
  return existsSync(path) || path === '/' ? path : nearestExisting(dirname(path))
}
