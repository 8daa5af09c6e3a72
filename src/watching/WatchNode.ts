import { unboxed } from '../linux/unboxed.js'
import type { ChangeTimes } from './ChangeTimes.js'
import type { Inode } from './port.js'
import { ToldEntries } from './ToldEntries.js'

/** A watched root: what the user named. */
export interface WatchRoot {
  /** Raw absolute path of the directory that is watched: the root itself, or the parent of a file. */
  readonly path: string
  /** The files that are meant when the root is a file; `undefined` for a directory. */
  readonly only: Set<string> | undefined
  readonly recursive: boolean
  /** It may be missing at the start; then it is awaited. */
  readonly mayBeMissing: boolean
  /** It has just come, and is told with its content. */
  readonly isNew?: boolean
}

/** A time, in microseconds since the epoch: one object for all directories that share it. */
export interface Moment {
  readonly at: number
}

/** What few directories have. */
class Rarities {
  root: WatchRoot | undefined = undefined
  isLink = false
  blind: string | undefined = undefined
  changeTimes: ChangeTimes | undefined = undefined
  aliases: Set<WatchNode> | undefined = undefined
  aliasOf: WatchNode | undefined = undefined
  former: WatchNode | undefined = undefined
}

// The directory in which something was told last, of those that had no entries, and what it has now. Mostly that goes
// soon, and the directory itself, which is old memory, needs not be changed for it, which the collector of
// garbage would have to follow: 12 to 15 % of an event.
let latest: WatchNode | undefined
let latestEntries: ToldEntries | undefined

const none = new Rarities()
const always: Moment = { at: 0 }
const MICROS = 1_000_000

/**
 * A directory of the watch table. It knows its parent and its name, so that a path is made from nodes and a
 * rename costs the same whatever lies below.
 *
 * There are as many as there are directories, so each field counts. Numbers that V8 holds without a box are small
 * integers: a time of birth is two of them.
 */
export class WatchNode {
  parent: WatchNode | undefined
  name: string
  /** Watch descriptor; 0 while the directory is not watched. */
  wd = 0
  /** False once it has been taken out of the table. */
  alive = true
  /** Watched directories, and those that are to be: by name. */
  children: Map<string, WatchNode> | undefined = undefined
  #entries: ToldEntries | undefined = undefined
  /** When it was listed. */
  moment = always
  #rarities = none
  #dev = -1
  #ino = 0
  #bornSeconds = 0
  #bornMicros = 0

  constructor(parent: WatchNode | undefined, name: string, root: WatchRoot | undefined) {
    this.parent = parent
    this.name = name
    if (root === undefined) return
    this.#rarities = new Rarities()
    this.#rarities.root = root
  }

  /** Set on the top node of a root only. */
  get root(): WatchRoot | undefined {
    return this.#rarities.root
  }

  /** Which directory it was when it was listed. */
  get self(): Inode | undefined {
    if (this.#dev < 0) return undefined
    return { dev: this.#dev, ino: this.#ino, bornAt: this.#bornSeconds * MICROS + this.#bornMicros }
  }

  set self(self: Inode | undefined) {
    if (self === undefined) {
      this.#dev = -1
      return
    }
    const { dev, ino, bornAt } = self
    const seconds = Math.floor(bornAt / MICROS)
    this.#dev = unboxed(dev)
    this.#ino = unboxed(ino)
    this.#bornSeconds = unboxed(seconds)
    this.#bornMicros = unboxed(bornAt - seconds * MICROS)
  }

  /** The last time, in microseconds since the epoch, that was known when it was listed. */
  get listedAt(): number {
    return this.moment.at
  }

  /** It is reached through a symbolic link of that name, which is followed. */
  get isLink(): boolean {
    return this.#rarities.isLink
  }

  set isLink(isLink: boolean) {
    if (isLink !== this.#rarities.isLink) (this.#rarities = owned(this.#rarities)).isLink = isLink
  }

  /** The type of its filesystem when not all changes in it give records: then it is polled too. */
  get blind(): string | undefined {
    return this.#rarities.blind
  }

  set blind(blind: string | undefined) {
    if (blind !== this.#rarities.blind) (this.#rarities = owned(this.#rarities)).blind = blind
  }

  /** While it is polled. */
  get changeTimes(): ChangeTimes | undefined {
    return this.#rarities.changeTimes
  }

  set changeTimes(changeTimes: ChangeTimes | undefined) {
    if (changeTimes !== this.#rarities.changeTimes)
      (this.#rarities = owned(this.#rarities)).changeTimes = changeTimes
  }

  /** Other ways to the same directory, without a watch of their own. */
  get aliases(): Set<WatchNode> | undefined {
    return this.#rarities.aliases
  }

  set aliases(aliases: Set<WatchNode> | undefined) {
    if (aliases !== this.#rarities.aliases) (this.#rarities = owned(this.#rarities)).aliases = aliases
  }

  /** The node that has the watch of this directory, when this is another way to it. */
  get aliasOf(): WatchNode | undefined {
    return this.#rarities.aliasOf
  }

  set aliasOf(aliasOf: WatchNode | undefined) {
    if (aliasOf !== this.#rarities.aliasOf) (this.#rarities = owned(this.#rarities)).aliasOf = aliasOf
  }

  /** What had been told of this directory before an overflow, until it has been compared. */
  get former(): WatchNode | undefined {
    return this.#rarities.former
  }

  set former(former: WatchNode | undefined) {
    if (former === this.#rarities.former) return
    this.#rarities = owned(this.#rarities)
    this.#rarities.former = former
    // Each directory has one for the time of a repair.
    if (former === undefined && isNone(this.#rarities)) this.#rarities = none
  }

  /** What the stream has told of the entries. `undefined` until they were listed. */
  get entries(): ToldEntries | undefined {
    return this === latest ? latestEntries : this.#entries
  }

  set entries(entries: ToldEntries | undefined) {
    if (this === latest) latest = undefined
    this.#entries = entries
  }

  /** Remembers that an entry has been told, where that is remembered; `ino` is 0 where it is not known. */
  tell(name: string, isDirectory: boolean, ino = 0): void {
    const entries = this.entries === ToldEntries.none ? WatchNode.#begin(this) : this.entries
    entries?.tell(name, isDirectory, ino)
  }

  static #begin(node: WatchNode): ToldEntries {
    WatchNode.keepLatest()
    latest = node
    return (latestEntries = new ToldEntries())
  }

  /** Gives the directory in which something was told last what it has. */
  static keepLatest(): void {
    if (latest !== undefined) latest.#entries = latestEntries
    latest = latestEntries = undefined
  }

  /** It is told as gone. Few directories have entries at a time: what the others had is not kept. */
  forget(name: string): void {
    const { entries } = this
    if (entries === undefined || !entries.delete(name) || entries.size > 0) return
    if (this === latest) latest = undefined
    else this.#entries = ToldEntries.none
  }

  /** What has been told of the directory so far, to compare a new listing with. */
  shadow(): WatchNode {
    WatchNode.keepLatest()
    const shadow = new WatchNode(this.parent, this.name, this.root)
    shadow.entries = this.entries
    shadow.children = this.children
    shadow.changeTimes = this.changeTimes
    shadow.self = this.self
    shadow.blind = this.blind
    shadow.moment = this.moment
    return shadow
  }

  /** True when all that changes in it gives records. */
  get isSeen(): boolean {
    return this.wd !== 0 && this.blind === undefined
  }

  /** True for the topmost directory of its filesystem, and for a root. */
  get isTopOfFilesystem(): boolean {
    return this.#dev < 0 || this.parent?.isOnDevice(this.#dev) !== true
  }

  /** True when it was on that device when it was listed. */
  isOnDevice(dev: number): boolean {
    return this.#dev === dev
  }

  isWithin(node: WatchNode): boolean {
    return this === node || (this.parent?.isWithin(node) ?? false)
  }

  /** The node that holds what was told of it: it may not have been compared since the overflow before. */
  get lastTold(): WatchNode {
    return this.entries === undefined && this.former !== undefined ? this.former.lastTold : this
  }

  /** True when the way to it from its root leads through a symbolic link. */
  get isLinked(): boolean {
    if (this.isLink) return true
    for (let up = this.parent; up !== undefined; up = up.parent) if (up.isLink) return true
    return false
  }
}

/** They are shared until something in them is set. */
function owned(rarities: Rarities): Rarities {
  return rarities === none ? new Rarities() : rarities
}

function isNone({ root, isLink, blind, changeTimes, aliases, aliasOf, former }: Rarities): boolean {
  return !isLink && [root, blind, changeTimes, aliases, aliasOf, former].every((one) => one === undefined)
}
