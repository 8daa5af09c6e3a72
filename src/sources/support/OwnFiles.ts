// A sink that has begun a new file has still to close the one before.
const keptOfPath = 2
// Events of older ones may be on their way for a while.
const olderKept = 1000

/** The files that sinks write, by a key that no other file has. */
export class OwnFiles {
  readonly #byPath = new Map<string, string[]>()
  readonly #keys = new Set<string>()
  readonly #older = new Set<string>()

  get size(): number {
    return this.#keys.size
  }

  add(path: string, key: string): void {
    if (this.#keys.has(key)) return
    const ofPath = this.#byPath.get(path) ?? []
    this.#byPath.set(path, ofPath)
    ofPath.push(key)
    this.#keys.add(key)
    if (ofPath.length > keptOfPath) this.#retire(ofPath.shift()!)
  }

  /** True for the newest two of each path. */
  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** True for those that were put aside: what this process did to them, it did before. */
  had(key: string): boolean {
    return this.#older.has(key)
  }

  #retire(key: string): void {
    this.#keys.delete(key)
    this.#older.add(key)
    if (this.#older.size <= olderKept) return
    const [oldest] = this.#older
    this.#older.delete(oldest!)
  }
}
