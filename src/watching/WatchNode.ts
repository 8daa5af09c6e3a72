import type { ChangeTimes } from './ChangeTimes.js'
import type { Inode } from './port.js'
import type { ToldEntries } from './ToldEntries.js'

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

/**
 * A directory of the watch table. It knows its parent and its name, so that a path is made from nodes and a
 * rename costs the same whatever lies below.
 */
export class WatchNode {
  parent: WatchNode | undefined
  name: string
  /** Set on the top node of a root only. */
  readonly root: WatchRoot | undefined
  /** Watch descriptor; 0 while the directory is not watched. */
  wd = 0
  /** False once it has been taken out of the table. */
  alive = true
  /** Watched directories, and those that are to be: by name. */
  children: Map<string, WatchNode> | undefined = undefined
  /** What the stream has told of the entries. `undefined` until they were listed. */
  entries: ToldEntries | undefined = undefined
  /** Which directory it was when it was listed. */
  self: Inode | undefined = undefined
  /** The last time, in microseconds since the epoch, that was known when it was listed. */
  listedAt = 0
  /** It is reached through a symbolic link of that name, which is followed. */
  isLink = false
  /** The type of its filesystem when not all changes in it give records: then it is polled too. */
  blind: string | undefined = undefined
  /** While it is polled. */
  changeTimes: ChangeTimes | undefined = undefined
  /** Other ways to the same directory, without a watch of their own. */
  aliases: Set<WatchNode> | undefined = undefined
  /** The node that has the watch of this directory, when this is another way to it. */
  aliasOf: WatchNode | undefined = undefined
  /** What had been told of this directory before an overflow, until it has been compared. */
  former: WatchNode | undefined = undefined
  /** The last fence behind which fsflow itself listed the directory. */
  visitFence = 0
  /** The last round of visits in which a record put the node's place in doubt. */
  doubtRound = 0

  constructor(parent: WatchNode | undefined, name: string, root: WatchRoot | undefined) {
    this.parent = parent
    this.name = name
    this.root = root
  }

  /** What has been told of the directory so far, to compare a new listing with. */
  shadow(): WatchNode {
    const shadow = new WatchNode(this.parent, this.name, this.root)
    shadow.entries = this.entries
    shadow.children = this.children
    shadow.changeTimes = this.changeTimes
    shadow.self = this.self
    shadow.blind = this.blind
    shadow.listedAt = this.listedAt
    return shadow
  }

  /** True when all that changes in it gives records. */
  get isSeen(): boolean {
    return this.wd !== 0 && this.blind === undefined
  }

  /** True for the topmost directory of its filesystem, and for a root. */
  get isTopOfFilesystem(): boolean {
    const above = this.parent?.self
    return above === undefined || this.self === undefined || above.dev !== this.self.dev
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
