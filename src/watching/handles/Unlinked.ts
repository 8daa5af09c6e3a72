import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'

type NameOfFile = Pick<HandleRecord, 'directory' | 'name' | 'target'>

const MANY = 10_000

/**
 * Names that were deleted while the file may still be open: what is done with it then is reported by the name
 * that it had. The last ones are kept.
 */
export class Unlinked {
  readonly #names = new Set<string>()

  add(record: NameOfFile): void {
    this.#names.add(keyOf(record))
    if (this.#names.size <= MANY) return
    for (const oldest of this.#names) {
      this.#names.delete(oldest)
      return
    }
  }

  delete(record: NameOfFile): void {
    if (this.#names.size > 0) this.#names.delete(keyOf(record))
  }

  /** True for a record of a file that no longer has the name by which it is reported. */
  has(record: NameOfFile): boolean {
    return this.#names.size > 0 && this.#names.has(keyOf(record))
  }
}

// One buffer makes the string its own: a slice would keep the whole batch in memory.
function keyOf({ directory, name, target }: NameOfFile): string {
  return Buffer.from(`${directory}/${name}\0${target}`, 'latin1').toString('latin1')
}
