import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { HandleDisk, ListedEntry } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleQueue } from './HandleQueue.js'
import type { HandleTable } from './HandleTable.js'

const NAME_CHANGES = FAN.CREATE | FAN.DELETE | FAN.RENAME
// Some milliseconds of the main thread.
const ROUND = 500

export interface ArrivalHost {
  /** Whether what is in a directory is wanted. */
  lists(node: HandleNode): boolean
  /** True where what was known of a directory before is so still, since all that happens in it is reported. */
  readonly remembers: boolean
  /** Called before it is listed. */
  prepare(node: HandleNode): void
  /** It was believed to be in a directory in which it was not. */
  displace(node: HandleNode): void
  /** It is there by now, but a record says that it has come later. */
  isToCome(key: string): void
}

/** An entry that was there, in the directory `node`. */
export interface ArrivedEntry {
  readonly node: HandleNode
  readonly name: string
  readonly isDirectory: boolean
  /** Something was renamed onto the name since: it may not have been there before. */
  readonly isUncertain: boolean
}

/** An entry in a listing, as it was before the records. */
export type EarlierEntry = ListedEntry & { readonly isUncertain?: true }

/**
 * Finds what is in directories, with all below: as of the next record to be applied, although the disk may be
 * ahead of it.
 *
 * Each directory is listed by its handle, wherever it is by now, and a fence is posted behind that. The records up
 * to the fence tell what has changed: a name whose first record is a birth was not there; a name whose first
 * record is anything else was; of all others the listing is true. But what comes into a directory that is not marked
 * yet has no record there: a directory whose first record says that it was elsewhere has come later.
 */
export class Arrival {
  readonly #disk: HandleDisk
  readonly #table: HandleTable
  readonly #top: HandleNode
  readonly #host: ArrivalHost
  readonly #listings = new Map<string, ListedEntry[] | undefined>()
  #pending: string[]
  #states = new Map<string, EarlierEntry[]>()

  constructor(disk: HandleDisk, table: HandleTable, top: HandleNode, host: ArrivalHost) {
    this.#disk = disk
    this.#table = table
    this.#top = top
    this.#host = host
    this.#pending = [top.key]
  }

  /** Lists the next directories; a fence is to be posted behind it. */
  look(): void {
    for (let i = 0; i < ROUND && this.#pending.length > 0; i++) {
      const key = this.#pending.pop()!
      if (this.#listings.has(key)) continue
      this.#host.prepare(this.#table.ensure(key))
      this.#listings.set(key, this.#disk.list(key))
    }
  }

  /** Decides by the records up to the fence. False when there is more to be listed, with a further fence. */
  settle(queue: HandleQueue, end: number): boolean {
    const changes = this.#changes(queue, end)
    const places = firstPlaces(queue, end)
    this.#states = new Map()
    for (const [key, listing] of this.#listings) {
      const entries = before(listing ?? [], changes.get(key))
        .filter((entry) => entry.key === '' || this.#wasThere(entry, key, places))
        .map((entry) => this.#remembered(entry, key))
      this.#states.set(key, entries)
      // Before others are placed by the same names.
      this.#displaceOthers(key, entries, (child) => !this.#listings.has(child.key))
      for (const entry of entries) {
        if (entry.key === '' || entry.isUncertain === true || this.#listings.has(entry.key)) continue
        if (this.#host.lists(this.#put(entry, key))) this.#pending.push(entry.key)
      }
    }
    if (this.#pending.length > 0) return false
    for (const [key, entries] of this.#states) this.#displaceOthers(key, entries, () => true)
    return true
  }

  #wasThere(entry: ListedEntry, directory: string, places: ReadonlyMap<string, Place>): boolean {
    if (!isElsewhere(places.get(entry.key), directory, entry.name)) return true
    this.#host.isToCome(entry.key)
    return false
  }

  /** A directory of which it is only known by a rename onto its name that it may have been there, and that was. */
  #remembered(entry: EarlierEntry, directory: string): EarlierEntry {
    if (entry.isUncertain !== true || !this.#host.remembers) return entry
    const { name } = entry
    const child = this.#table.get(directory)?.children?.get(name)
    return child === undefined ? entry : { name, key: child.key, isDirectory: true }
  }

  /** What is known from before, of a directory that was not reported meanwhile, may not be so any more. */
  #displaceOthers(
    key: string,
    entries: readonly EarlierEntry[],
    isChosen: (child: HandleNode) => boolean,
  ): void {
    const children = this.#table.get(key)?.children
    if (children === undefined || children.size === 0) return
    const there = new Map(entries.map((entry) => [entry.name, entry]))
    for (const child of [...children.values()].filter(isChosen)) {
      const entry = there.get(child.name)
      const isSo = entry?.isDirectory === true && (entry.key === child.key || entry.key === '')
      if (!isSo && !child.isMounted && child.root === undefined) this.#host.displace(child)
    }
  }

  /** The directories that were listed. */
  listed(): Iterable<string> {
    return this.#listings.keys()
  }

  /** The directories that were listed, but lie where later records say that nobody knows whether something was there. */
  unreached(): string[] {
    const reached = new Set([this.#top.key])
    for (const key of reached) {
      for (const entry of this.#states.get(key) ?? []) {
        if (entry.isUncertain !== true && this.#listings.has(entry.key)) reached.add(entry.key)
      }
    }
    return [...this.#listings.keys()].filter((key) => !reached.has(key))
  }

  entryOf(directory: string, name: string): EarlierEntry | undefined {
    return this.#states.get(directory)?.find((entry) => entry.name === name)
  }

  /** What was there, parents before children. The directories among it are in the table. */
  *entries(): Generator<ArrivedEntry> {
    const stack = [this.#top]
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const entry of this.#states.get(node.key) ?? []) {
        const { name, isDirectory, isUncertain = false } = entry
        yield { node, name, isDirectory, isUncertain }
        if (entry.key === '' || isUncertain) continue
        const child = this.#put(entry, node.key)
        if (this.#listings.has(entry.key)) stack.push(child)
      }
    }
  }

  #put(entry: ListedEntry, parent: string): HandleNode {
    const node = this.#table.ensure(entry.key)
    const above = this.#table.ensure(parent)
    if (node.state === 'placed' && node.parent === above && node.name === entry.name) return node
    // What is mounted below, or watched in its own right, stays what it is.
    if (node.root === undefined) this.#table.place(node, above, entry.name)
    return node
  }

  /** What was there of each name that has changed since, in the directories that were listed. */
  #changes(queue: HandleQueue, end: number): Map<string, Map<string, EarlierEntry | undefined>> {
    const changes = new Map<string, Map<string, EarlierEntry | undefined>>()
    const note = (directory: string, name: string, was: EarlierEntry | undefined): void => {
      if (!this.#listings.has(directory)) return
      const names = changes.get(directory) ?? new Map<string, EarlierEntry | undefined>()
      changes.set(directory, names)
      if (!names.has(name)) names.set(name, was)
    }
    for (let i = queue.head; i < end; i++) {
      const { mask, target, directory, name, oldDirectory, oldName } = queue.at(i)!
      if ((mask & NAME_CHANGES) === 0) continue
      const isDirectory = (mask & FAN.ONDIR) !== 0
      const key = isDirectory ? target : ''
      const isRename = (mask & FAN.RENAME) !== 0
      if (isRename) {
        note(oldDirectory, oldName, { name: oldName, key, isDirectory })
        note(directory, name, { name, key: '', isDirectory, isUncertain: true })
      } else note(directory, name, (mask & FAN.CREATE) !== 0 ? undefined : { name, key, isDirectory })
    }
    return changes
  }
}

function before(
  listing: readonly ListedEntry[],
  changes: ReadonlyMap<string, EarlierEntry | undefined> | undefined,
): EarlierEntry[] {
  if (changes === undefined) return listing.slice()
  const entries: EarlierEntry[] = listing.filter(({ name }) => !changes.has(name))
  for (const was of changes.values()) if (was !== undefined) entries.push(was)
  return entries
}

interface Place {
  readonly directory: string
  readonly name: string
}

/** Where the first record about each directory says that it was before; nowhere, when it tells its birth. */
function firstPlaces(queue: HandleQueue, end: number): Map<string, Place> {
  const places = new Map<string, Place>()
  for (let i = queue.head; i < end; i++) {
    const { mask, target, directory, name, oldDirectory, oldName } = queue.at(i)!
    if ((mask & FAN.ONDIR) === 0 || (mask & NAME_CHANGES) === 0 || places.has(target)) continue
    if (directory === '' && oldDirectory === '') continue
    if ((mask & FAN.RENAME) !== 0) places.set(target, { directory: oldDirectory, name: oldName })
    else if ((mask & FAN.CREATE) !== 0) places.set(target, NOWHERE)
    else places.set(target, { directory, name })
  }
  return places
}

const NOWHERE: Place = { directory: '.', name: '' }

/** What came from a directory that is not marked was there, and has come back since. */
function isElsewhere(place: Place | undefined, directory: string, name: string): boolean {
  return place !== undefined && (place.directory !== directory || place.name !== name)
}
