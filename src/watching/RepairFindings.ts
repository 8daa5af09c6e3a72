import type { EntryType, Inode } from './port.js'
import { inodeOfCode, isDirectoryCode } from './ToldEntries.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** An entry that was told and is not there any more. */
export interface Gone {
  /** Holds what was told of the directory. */
  readonly former: WatchNode
  /** The same directory in the table; it, or one above it, for what is below an entry that is gone as a whole. */
  readonly top: WatchNode
  /** By which its path is made. */
  readonly node: WatchNode
  readonly name: string
  readonly isDirectory: boolean
  /** 0 where it is not known. */
  readonly ino: number
}

/** The entry `name` of `former`, which was told and is not there any more. */
export function goneEntry(
  former: WatchNode,
  top: WatchNode,
  node: WatchNode,
  name: string,
  code: number,
): Gone {
  // A directory that a record has told was looked at when it was visited.
  const ino = inodeOfCode(code) || (former.children?.get(name)?.lastTold.self?.ino ?? 0)
  return { former, top, node, name, isDirectory: isDirectoryCode(code), ino }
}

/** An entry that is there and was not told. */
export interface Fresh {
  readonly node: WatchNode
  readonly name: string
  readonly type: EntryType
  /** 0 where the listing does not tell it. */
  readonly ino: number
}

// Births and listings are timed by two clocks, one of them some milliseconds coarse.
const CLOCK_TICK_MICROS = 20_000

/**
 * What a repair has found and not told yet: names that are gone, and names that are new. Some of them belong
 * together, when a directory or file was renamed while records were lost.
 */
export class RepairFindings {
  readonly #table: WatchTable
  readonly #gone = new Map<WatchNode, Map<string, Gone>>()
  readonly #fresh = new Map<WatchNode, Map<string, Fresh>>()
  readonly #byInode = new Map<number, Gone[]>()
  /** The same for what was told below directories that are gone; `undefined` until that was looked at. */
  #below: Map<number, Gone[]> | undefined

  constructor(table: WatchTable) {
    this.#table = table
  }

  addGone(gone: Gone): void {
    entriesOf(this.#gone, gone.node).set(gone.name, gone)
    index(this.#byInode, gone)
    this.#below = undefined
  }

  addFresh(fresh: Fresh): void {
    entriesOf(this.#fresh, fresh.node).set(fresh.name, fresh)
  }

  /** False when certainly no entry with that inode number is gone from anywhere. */
  isAwaited(ino: number): boolean {
    if (ino === 0) return this.#byInode.size > 0 || (this.#below?.size ?? 0) > 0
    return this.#byInode.has(ino) || this.#below?.has(ino) === true
  }

  /** The new names, which are then no longer held. */
  takeFresh(): Fresh[] {
    const fresh = allOf(this.#fresh)
    this.#fresh.clear()
    return fresh.filter(({ node }) => node.alive)
  }

  /** The names that are gone, which are then no longer held. */
  takeGone(): Gone[] {
    const gone = allOf(this.#gone)
    this.#gone.clear()
    this.#byInode.clear()
    this.#below = undefined
    return gone.filter(({ top }) => top.alive)
  }

  /** What is held of one directory, which is then no longer held. */
  takeOf(node: WatchNode): { readonly gone: readonly Gone[]; readonly fresh: readonly Fresh[] } {
    const gone = [...(this.#gone.get(node)?.values() ?? [])]
    const fresh = [...(this.#fresh.get(node)?.values() ?? [])]
    this.#gone.delete(node)
    this.#fresh.delete(node)
    for (const entry of gone) this.#forget(entry)
    return { gone, fresh }
  }

  /** Takes the entry out that is proven to be this inode. */
  takeRenamed(inode: Inode, isDirectory: boolean): Gone | undefined {
    if (inode.bornAt === 0) return undefined
    const candidates = [...(this.#byInode.get(inode.ino) ?? []), ...(this.#below?.get(inode.ino) ?? [])]
    const found = candidates.find(
      (gone) => gone.isDirectory === isDirectory && gone.top.alive && isSame(gone, inode),
    )
    if (found === undefined) return undefined
    const held = this.#gone.get(found.node)
    if (held?.get(found.name) === found) held.delete(found.name)
    this.#forget(found)
    found.former.entries?.delete(found.name)
    return found
  }

  /** Looks also at what was told below the directories that are gone. False when that has been done already. */
  lookBelow(): boolean {
    if (this.#below !== undefined) return false
    const below = new Map<number, Gone[]>()
    for (const gone of allOf(this.#gone)) if (gone.top.alive) this.#indexBelow(gone, below)
    this.#below = below
    return below.size > 0
  }

  #indexBelow({ former, top, node, name }: Gone, below: Map<number, Gone[]>): void {
    const told = former.children?.get(name)?.lastTold
    if (told?.entries === undefined) return
    this.#table.adopt(told, node, name)
    for (const [entry, code] of told.entries) {
      const gone = goneEntry(told, top, told, entry, code)
      index(below, gone)
      if (gone.isDirectory) this.#indexBelow(gone, below)
    }
  }

  #forget(gone: Gone): void {
    unindex(this.#byInode, gone)
    // What was told below a directory has another place from now on, or none.
    if (gone.isDirectory) this.#below = undefined
    else if (this.#below !== undefined) unindex(this.#below, gone)
  }
}

function index(byInode: Map<number, Gone[]>, gone: Gone): void {
  if (gone.ino === 0) return
  const known = byInode.get(gone.ino)
  if (known === undefined) byInode.set(gone.ino, [gone])
  else known.push(gone)
}

function unindex(byInode: Map<number, Gone[]>, gone: Gone): void {
  const known = byInode.get(gone.ino)?.filter((other) => other !== gone) ?? []
  if (known.length === 0) byInode.delete(gone.ino)
  else byInode.set(gone.ino, known)
}

/**
 * True when the entry was this inode. A directory was looked at when it was visited. Of anything else the listing
 * told the number: what was born before that listing had the number then, and so had the name.
 */
function isSame({ former, name, ino }: Gone, inode: Inode): boolean {
  const self = former.children?.get(name)?.lastTold.self
  if (self !== undefined)
    return self.dev === inode.dev && self.ino === inode.ino && self.bornAt === inode.bornAt
  const isOnDevice = former.self?.dev === inode.dev && ino === inode.ino
  return isOnDevice && inode.bornAt <= former.listedAt - CLOCK_TICK_MICROS
}

function entriesOf<T>(held: Map<WatchNode, Map<string, T>>, node: WatchNode): Map<string, T> {
  let entries = held.get(node)
  if (entries === undefined) held.set(node, (entries = new Map<string, T>()))
  return entries
}

function allOf<T>(held: ReadonlyMap<WatchNode, ReadonlyMap<string, T>>): T[] {
  return [...held.values()].flatMap((entries) => [...entries.values()])
}
