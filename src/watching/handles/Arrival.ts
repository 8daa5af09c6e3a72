import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { HandleDisk, ListedEntry } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleQueue } from './HandleQueue.js'
import type { HandleTable } from './HandleTable.js'

const NAME_CHANGES = FAN.CREATE | FAN.DELETE | FAN.RENAME
// Some milliseconds of the main thread.
const ROUND = 500

/** An entry that was there, in the directory `node`. */
export interface ArrivedEntry {
  readonly node: HandleNode
  readonly name: string
  readonly isDirectory: boolean
}

/**
 * Finds what is in directories, with all below: as of the next record to be applied, although the disk may be
 * ahead of it.
 *
 * Each directory is listed by its handle, wherever it is by now, and a fence is posted behind that. The records up
 * to the fence tell what has changed: a name whose first record is a birth was not there; a name whose first
 * record is anything else was; of all others the listing is true.
 */
export class Arrival {
  readonly #disk: HandleDisk
  readonly #table: HandleTable
  readonly #top: HandleNode
  readonly #lists: (node: HandleNode) => boolean
  readonly #prepare: (node: HandleNode) => void
  readonly #listings = new Map<string, ListedEntry[] | undefined>()
  #pending: string[]
  #states = new Map<string, ListedEntry[]>()

  /** `lists` says whether what is in a directory is wanted; `prepare` is called before it is listed. */
  constructor(
    disk: HandleDisk,
    table: HandleTable,
    top: HandleNode,
    { lists, prepare }: { lists(node: HandleNode): boolean; prepare(node: HandleNode): void },
  ) {
    this.#disk = disk
    this.#table = table
    this.#top = top
    this.#lists = lists
    this.#prepare = prepare
    this.#pending = [top.key]
  }

  /** Lists the next directories; a fence is to be posted behind it. */
  look(): void {
    for (let i = 0; i < ROUND && this.#pending.length > 0; i++) {
      const key = this.#pending.pop()!
      if (this.#listings.has(key)) continue
      this.#prepare(this.#table.ensure(key))
      this.#listings.set(key, this.#disk.list(key))
    }
  }

  /** Decides by the records up to the fence. False when there is more to be listed, with a further fence. */
  settle(queue: HandleQueue, end: number): boolean {
    const changes = this.#changes(queue, end)
    this.#states = new Map()
    for (const [key, listing] of this.#listings) {
      const entries = before(listing ?? [], changes.get(key))
      this.#states.set(key, entries)
      for (const entry of entries) {
        if (entry.key === '' || this.#listings.has(entry.key)) continue
        if (this.#lists(this.#put(entry, key))) this.#pending.push(entry.key)
      }
    }
    return this.#pending.length === 0
  }

  /** What was there, parents before children. The directories among it are in the table. */
  *entries(): Generator<ArrivedEntry> {
    const stack = [this.#top]
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const entry of this.#states.get(node.key) ?? []) {
        yield { node, name: entry.name, isDirectory: entry.isDirectory }
        if (entry.key === '') continue
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
  #changes(queue: HandleQueue, end: number): Map<string, Map<string, ListedEntry | undefined>> {
    const changes = new Map<string, Map<string, ListedEntry | undefined>>()
    const note = (directory: string, name: string, was: ListedEntry | undefined): void => {
      if (!this.#listings.has(directory)) return
      const names = changes.get(directory) ?? new Map<string, ListedEntry | undefined>()
      changes.set(directory, names)
      if (!names.has(name)) names.set(name, was)
    }
    for (let i = queue.head; i < end; i++) {
      const { mask, target, directory, name, oldDirectory, oldName } = queue.at(i)!
      if ((mask & NAME_CHANGES) === 0) continue
      const isDirectory = (mask & FAN.ONDIR) !== 0
      const key = isDirectory ? target : ''
      const isRename = (mask & FAN.RENAME) !== 0
      if (isRename) note(oldDirectory, oldName, { name: oldName, key, isDirectory })
      const isBirth = isRename || (mask & FAN.CREATE) !== 0
      note(directory, name, isBirth ? undefined : { name, key, isDirectory })
    }
    return changes
  }
}

function before(
  listing: readonly ListedEntry[],
  changes: ReadonlyMap<string, ListedEntry | undefined> | undefined,
): ListedEntry[] {
  if (changes === undefined) return listing.slice()
  const entries = listing.filter(({ name }) => !changes.has(name))
  for (const was of changes.values()) if (was !== undefined) entries.push(was)
  return entries
}
