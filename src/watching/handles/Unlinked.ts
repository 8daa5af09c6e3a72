import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'

type NameOfFile = Pick<HandleRecord, 'directory' | 'name' | 'target'>

const MANY = 10_000

/**
 * Names that were deleted while the file may still be open: what is done with it then is reported by the name
 * that it had. At least the last 10,000 are kept.
 */
export class Unlinked {
  // In two generations: to take the oldest one out of a long Set, again and again, is to walk over all that were
  // taken out before it, a quarter of the CPU of a record.
  #names = new Set<string>()
  #older = new Set<string>()

  add(record: NameOfFile): void {
    this.#names.add(keyOf(record))
    if (this.#names.size < MANY) return
    this.#older = this.#names
    this.#names = new Set()
  }

  delete(record: NameOfFile): void {
    if (this.#isEmpty) return
    const key = keyOf(record)
    this.#names.delete(key)
    this.#older.delete(key)
  }

  /** True for a record of a file that no longer has the name by which it is reported. */
  has(record: NameOfFile): boolean {
    if (this.#isEmpty) return false
    const key = keyOf(record)
    return this.#names.has(key) || this.#older.has(key)
  }

  get #isEmpty(): boolean {
    return this.#names.size === 0 && this.#older.size === 0
  }
}

// One buffer makes the string its own: a slice would keep the whole batch in memory.
function keyOf({ directory, name, target }: NameOfFile): string {
  return Buffer.from(`${directory}/${name}\0${target}`, 'latin1').toString('latin1')
}
