import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { FoundPlace, HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleQueue } from './HandleQueue.js'
import type { HandleTable } from './HandleTable.js'

// A directory that is gone has told so, or does as soon as whoever deletes it gets to run.
const ROUNDS_FOR_GONE = 5

interface Sought {
  /** Where it lies now; `undefined` when it is gone. */
  place: FoundPlace | undefined
  rounds: number
}

/**
 * Finds the places of directories that are not in the table: as of the next record to be applied, although the
 * disk may be ahead of it.
 *
 * Where a directory lies now is looked up, and a fence is posted behind that. If a record before the fence renames
 * or deletes the directory, the first such record tells where it was before; if none does, it has been where it is
 * now. What is above a directory is found in the same way, each by itself.
 */
export class Placement {
  readonly #disk: HandleDisk
  readonly #table: HandleTable
  readonly #sought = new Map<string, Sought>()
  #open: string[] = []

  constructor(disk: HandleDisk, table: HandleTable) {
    this.#disk = disk
    this.#table = table
  }

  /** A directory whose place is not known, or in doubt. */
  seek(key: string): void {
    if (key === '' || this.#sought.has(key)) return
    this.#look(key)
  }

  #look(key: string): void {
    const place = this.#disk.locate(key)
    const before = this.#sought.get(key)
    this.#sought.set(key, { place, rounds: (before?.rounds ?? 0) + 1 })
    if (before === undefined) this.#open.push(key)
    this.#seekAbove(place)
  }

  #seekAbove(place: FoundPlace | undefined): void {
    if (place !== undefined && place.parent !== '' && this.#table.get(place.parent) === undefined) {
      this.seek(place.parent)
    }
  }

  /**
   * Decides by the records up to a fence that was posted after the last `seek`. False when more had to be looked
   * up, and a further fence has to be awaited.
   */
  settle(queue: HandleQueue, end: number): boolean {
    const first = this.#firstMoves(queue, end)
    let isComplete = true
    for (const [key, sought] of [...this.#sought]) {
      const moved = first.get(key)
      if (moved !== undefined) {
        sought.place = moved
        const known = this.#sought.size
        this.#seekAbove(moved)
        if (this.#sought.size > known) isComplete = false
      } else if (sought.place === undefined && sought.rounds < ROUNDS_FOR_GONE) {
        this.#look(key)
        isComplete = false
      }
    }
    if (isComplete) this.#assign()
    return isComplete
  }

  /** Where each directory was before the first record that says that it moved, or was deleted. */
  #firstMoves(queue: HandleQueue, end: number): Map<string, FoundPlace> {
    const first = new Map<string, FoundPlace>()
    for (let i = queue.head; i < end; i++) {
      const { mask, target, directory, name, oldDirectory, oldName } = queue.at(i)!
      if ((mask & FAN.ONDIR) === 0 || !this.#sought.has(target) || first.has(target)) continue
      if ((mask & FAN.RENAME) !== 0) first.set(target, { parent: oldDirectory, name: oldName })
      // Its birth still lies ahead, or it is told along with its end: either way that was its place.
      else if ((mask & (FAN.DELETE | FAN.CREATE)) !== 0) first.set(target, { parent: directory, name })
    }
    return first
  }

  #assign(): void {
    // Parents first would be neater; but nodes may be placed in any order.
    for (const key of this.#open) {
      const { place } = this.#sought.get(key)!
      const node = this.#table.ensure(key)
      if (place === undefined) continue
      // What is mounted somewhere has its place already.
      if (place.parent === '' && node.isMounted) continue
      const parent = place.parent === '' ? undefined : this.#table.ensure(place.parent)
      this.#table.place(node, parent, place.name)
    }
    this.#open = []
    this.#sought.clear()
  }

  get isOpen(): boolean {
    return this.#sought.size > 0
  }
}
