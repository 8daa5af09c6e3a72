import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { FoundPlace, HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import type { HandleQueue } from './HandleQueue.js'
import type { HandleTable } from './HandleTable.js'
import type { Marking } from './Marking.js'

// A directory that is gone has told so, or does as soon as whoever deletes it gets to run.
const ROUNDS_FOR_GONE = 5

const DIRECTORY_MOVE = FAN.RENAME | FAN.ONDIR
const isDirectoryMove = (mask: number) => (mask & DIRECTORY_MOVE) === DIRECTORY_MOVE
const NAME_CHANGES = FAN.CREATE | FAN.DELETE | FAN.RENAME

const NOWHERE: FoundPlace = { parent: '', name: '' }

interface Sought {
  /** Where it lies now; `undefined` when it is gone. */
  place: FoundPlace | undefined
  rounds: number
  /** It is gone, and was there until it was replaced. */
  isReplaced: boolean
}

/** A directory that cannot be where it was found until a record is applied. */
export interface LaterPlace {
  readonly key: string
  readonly record: HandleRecord
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
  readonly #doubtful = new Set<string>()
  #open: string[] = []
  /** Directories in doubt that are to be looked up once more, for no record tells when they came where they are. */
  readonly later: LaterPlace[] = []
  /** Renames one of which has replaced a directory that is gone, and is nowhere, since it is not known which one. */
  readonly mayReplace: HandleRecord[] = []

  constructor(disk: HandleDisk, table: HandleTable, marking: Marking) {
    this.#disk = disk
    this.#table = table
    this.#marking = marking
  }

  /** A directory of which a rename may not have been told. */
  doubt(key: string): void {
    this.#doubtful.add(key)
    this.seek(key)
  }

  /** A directory whose place is not known. */
  seek(key: string): void {
    if (key === '' || this.#sought.has(key)) return
    this.#look(key)
  }

  #look(key: string): void {
    const place = this.#disk.locate(key)
    const before = this.#sought.get(key)
    this.#sought.set(key, { place, rounds: (before?.rounds ?? 0) + 1, isReplaced: false })
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
    if (!isComplete) return false
    // Where directories are marked one by one, records do not tell all that had a name.
    if ([...this.#doubtful].some((key) => !this.#marking.isByDirectory(key))) this.#putOff(queue, end)
    this.#assign()
    return true
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
      const found = this.#replacing(
        key,
        queue,
        end,
        (i) => !taken.has(i) && !this.#isBelow(queue.at(i)!.directory, key, all),
      )
      if (found.length === 0) continue
      if (found.length > 1) {
        sought.place = NOWHERE
        for (const index of found) this.mayReplace.push(queue.at(index)!)
        continue
      }
      taken.add(found[0]!)
      const { directory, name } = queue.at(found[0]!)!
      sought.place = { parent: directory, name }
      sought.isReplaced = true
      this.#seekAbove(sought.place)
    }
    return this.#sought.size > known
  }

  /**
   * The renames of a directory, after the last record of what was in this one, that may have replaced it: one to where it
   * is believed to be, else those to names of which no record tells before that, for it was there. Whoever replaces a
   * directory changes its number of links, which is reported too.
   */
  #replacing(key: string, queue: HandleQueue, end: number, mayBe: (index: number) => boolean): number[] {
    const believed = this.#table.get(key)
    const names = new Set<string>()
    const pids = new Set<number>()
    let found: number[] = []
    for (let i = queue.head; i < end; i++) {
      const { mask, pid, target, directory, name, oldDirectory, oldName } = queue.at(i)!
      if (directory === key || oldDirectory === key) found = []
      if (directory === key && name === '.' && (mask & FAN.ATTRIB) !== 0) pids.add(pid)
      if (directory !== key && oldDirectory !== key && directory !== '' && isDirectoryMove(mask)) {
        const other = this.#table.get(directory)?.children?.get(name)
        if (other !== undefined && other === believed) return [i]
        const isOther = other !== undefined && other.key !== target
        if (!isOther && !names.has(`${directory}/${name}`) && mayBe(i)) found.push(i)
      }
      if ((mask & NAME_CHANGES) === 0) continue
      names.add(`${directory}/${name}`)
      if ((mask & FAN.RENAME) !== 0) names.add(`${oldDirectory}/${oldName}`)
    }
    return pids.size === 0 ? found : found.filter((index) => pids.has(queue.at(index)!.pid))
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

  /** Leaves a directory in doubt where it was, when it cannot be there yet where it was found. */
  #putOff(queue: HandleQueue, end: number): void {
    const births = new Map<string, HandleRecord>()
    for (let i = queue.head; i < end; i++) {
      const record = queue.at(i)!
      if ((record.mask & FAN.CREATE) !== 0 && !births.has(record.target)) births.set(record.target, record)
    }
    for (const key of this.#doubtful) {
      const sought = this.#sought.get(key)!
      const record = this.#comesAfter(queue, end, key, sought, births)
      if (record === undefined) continue
      this.later.push({ key, record })
      sought.place = undefined
    }
    // What is above it and not born either gets its place by its birth.
    for (const [key, sought] of this.#sought) if (births.has(key)) sought.place = undefined
  }

  /** The last record before its own by which another has the name where a directory was found, or what is above is born. */
  #comesAfter(
    queue: HandleQueue,
    end: number,
    key: string,
    { place, isReplaced }: Sought,
    births: ReadonlyMap<string, HandleRecord>,
  ): HandleRecord | undefined {
    if (place === undefined || isReplaced) return undefined
    const { parent, name } = place
    const unborn = new Set<HandleRecord>()
    const seen = new Set<string>()
    for (let at = parent; at !== '' && !seen.has(at);) {
      seen.add(at)
      const birth = births.get(at)
      if (birth !== undefined) unborn.add(birth)
      at = this.#sought.get(at)?.place?.parent ?? this.#table.get(at)?.parent?.key ?? ''
    }
    let last: HandleRecord | undefined
    for (let i = queue.head; i < end; i++) {
      const record = queue.at(i)!
      if ((record.mask & NAME_CHANGES) === 0) continue
      if (record.target === key) break
      const hasName =
        (record.name === name && record.directory === parent) ||
        (record.oldName === name && record.oldDirectory === parent)
      if (hasName || unborn.has(record)) last = record
    }
    return last
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
