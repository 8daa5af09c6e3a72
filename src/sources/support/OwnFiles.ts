// A sink that has begun a new file has still to close the one before.
const keptOfPath = 2

/** The files that sinks write, by a key that no other file has, and the newest two of each path. */
export class OwnFiles {
  readonly #byPath = new Map<string, string[]>()
  readonly #keys = new Set<string>()

  get size(): number {
    return this.#keys.size
  }

  add(path: string, key: string): void {
    if (this.#keys.has(key)) return
    const ofPath = this.#byPath.get(path) ?? []
    this.#byPath.set(path, ofPath)
    ofPath.push(key)
    this.#keys.add(key)
    if (ofPath.length > keptOfPath) this.#keys.delete(ofPath.shift()!)
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }
}
