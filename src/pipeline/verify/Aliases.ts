import type { FileEvent } from '../../events/index.js'
import { isIn, rawOldPathOf, rawPathOf } from './rawPaths.js'

/**
 * Directories of which the stream has said that their content is told under another path (`FSFLOW_ALIAS`).
 *
 * One ends when something comes or goes in it all the same, or when it goes itself, or a directory above it. Where
 * it is one also then, the stream says so again.
 */
export class Aliases {
  readonly #paths = new Set<string>()

  get size(): number {
    return this.#paths.size
  }

  /** True when the path lies in one of them. */
  contain(path: string): boolean {
    for (const alias of this.#paths) if (path !== alias && isIn(path, alias)) return true
    return false
  }

  add(path: string): void {
    this.#paths.add(path)
  }

  /** Takes an event that tells that something came or went. */
  take(event: FileEvent): void {
    if (this.#paths.size === 0) return
    const path = rawPathOf(event)
    const oldPath = event.oldPath === undefined ? undefined : rawOldPathOf(event)
    for (const alias of [...this.#paths]) {
      // What a renamed directory holds has gone along.
      if (oldPath !== undefined && isIn(alias, oldPath)) {
        this.#paths.delete(alias)
        this.#paths.add(path + alias.slice(oldPath.length))
      } else if (isIn(path, alias) || isIn(alias, path) || (oldPath !== undefined && isIn(oldPath, alias))) {
        this.#paths.delete(alias)
      }
    }
  }
}
