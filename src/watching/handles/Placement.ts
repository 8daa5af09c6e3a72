import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { FoundPlace, HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleQueue } from './HandleQueue.js'
import type { HandleTable } from './HandleTable.js'
import type { Marking } from './Marking.js'

// A directory that is gone has told so, or does as soon as whoever deletes it gets to run.
const ROUNDS_FOR_GONE = 5

const DIRECTORY_MOVE = FAN.RENAME | FAN.ONDIR
const NAME_CHANGES = FAN.CREATE | FAN.DELETE | FAN.RENAME

const NOWHERE: FoundPlace = { parent: '', name: '' }

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
 *
 * Where directories are marked one by one, what is not told of is not known: one that is about to come, by birth or
 * from where nothing is marked, is nowhere yet; and one that is gone without a record has been nowhere.
 */
export class Placement {
  readonly #disk: HandleDisk
  readonly #table: HandleTable
  readonly #marking: Marking
  readonly #sought = new Map<string, Sought>()
  #open: string[] = []

  constructor(disk: HandleDisk, table: HandleTable, marking: Marking) {
    this.#disk = disk
    this.#table = table
    this.#marking = marking
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
    const first = this.#firstMoves(queue, end, (key) => this.#sought.has(key))
    let isComplete = true
    for (const [key, sought] of [...this.#sought]) {
      const moved = first.get(key)
      if (moved === NOWHERE) sought.place = NOWHERE
      else if (moved !== undefined) {
        sought.place = moved
        const known = this.#sought.size
        this.#seekAbove(moved)
        if (this.#sought.size > known) isComplete = false
      } else if (sought.place === undefined && this.#marking.isByDirectory(key)) sought.place = NOWHERE
      else if (sought.place === undefined && sought.rounds < ROUNDS_FOR_GONE) {
        this.#look(key)
        isComplete = false
      }
    }
    if (isComplete && this.#placeReplaced(queue, end, first)) isComplete = false
    if (isComplete) this.#assign()
    return isComplete
  }

  /**
   * A directory can be gone without a record that names it only when another one was renamed onto it. True when what
   * is above it has to be looked up.
   */
  #placeReplaced(queue: HandleQueue, end: number, first: ReadonlyMap<string, FoundPlace>): boolean {
    const known = this.#sought.size
    const all = this.#firstMoves(queue, end, () => true)
    const taken = new Set<number>()
    for (const [key, sought] of [...this.#sought]) {
      if (sought.place !== undefined || first.has(key)) continue
      const index = this.#replacing(
        key,
        queue,
        end,
        (i) => !taken.has(i) && !this.#isBelow(queue.at(i)!.directory, key, all),
      )
      if (index === undefined) continue
      taken.add(index)
      const { directory, name } = queue.at(index)!
      sought.place = { parent: directory, name }
      this.#seekAbove(sought.place)
    }
    return this.#sought.size > known
  }

  /**
   * The first rename of a directory, after the last record of what was in this one, that may have replaced it: best one
   * to where it is believed to be, else one to a name of which no record tells before that, for it was there.
   */
  #replacing(
    key: string,
    queue: HandleQueue,
    end: number,
    mayBe: (index: number) => boolean,
  ): number | undefined {
    const believed = this.#table.get(key)
    const names = new Set<string>()
    let index: number | undefined
    let isBelieved = false
    for (let i = queue.head; i < end; i++) {
      const { mask, target, directory, name, oldDirectory, oldName } = queue.at(i)!
      if (directory === key || oldDirectory === key) {
        index = undefined
        isBelieved = false
      } else if (!isBelieved && (mask & DIRECTORY_MOVE) === DIRECTORY_MOVE && directory !== '') {
        const other = this.#table.get(directory)?.children?.get(name)
        if (other?.key === key && other === believed) {
          index = i
          isBelieved = true
        } else if (index === undefined) {
          const isOther = other !== undefined && other.key !== target
          if (!isOther && !names.has(`${directory}/${name}`) && mayBe(i)) index = i
        }
      }
      if ((mask & NAME_CHANGES) === 0) continue
      names.add(`${directory}/${name}`)
      if ((mask & FAN.RENAME) !== 0) names.add(`${oldDirectory}/${oldName}`)
    }
    return index
  }

  /** True when a directory lies in another one, or is it, by what is known so far. */
  #isBelow(key: string, above: string, first: ReadonlyMap<string, FoundPlace>): boolean {
    const seen = new Set<string>()
    for (let at = key; at !== '' && !seen.has(at);) {
      if (at === above) return true
      seen.add(at)
      at =
        first.get(at)?.parent ?? this.#sought.get(at)?.place?.parent ?? this.#table.get(at)?.parent?.key ?? ''
    }
    return false
  }

  #assign(): void {
    // Parents first would be neater; but nodes may be placed in any order.
    for (const key of this.#open) {
      const { place } = this.#sought.get(key)!
      const node = this.#table.ensure(key)
      if (place === undefined) continue
      if (place === NOWHERE) {
        this.#table.unplace(node)
        continue
      }
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

  /** Where each directory was before the first record that says that it moved, or was deleted. */
  #firstMoves(queue: HandleQueue, end: number, matters: (key: string) => boolean): Map<string, FoundPlace> {
    const first = new Map<string, FoundPlace>()
    for (let i = queue.head; i < end; i++) {
      const { mask, target, directory, name, oldDirectory, oldName } = queue.at(i)!
      if ((mask & FAN.ONDIR) === 0 || !matters(target) || first.has(target)) continue
      if (directory === '' && oldDirectory === '') continue
      if ((mask & FAN.RENAME) !== 0) {
        first.set(target, oldDirectory === '' ? NOWHERE : { parent: oldDirectory, name: oldName })
      } else if ((mask & FAN.CREATE) !== 0 && this.#marking.isByDirectory(target)) first.set(target, NOWHERE)
      // Its birth still lies ahead, or it is told along with its end: either way that was its place.
      else if ((mask & (FAN.DELETE | FAN.CREATE)) !== 0) first.set(target, { parent: directory, name })
    }
    return first
  }
}
