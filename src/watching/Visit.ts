import { detached } from '../linux/rawPath.js'
import type { DirectoryEntry, Inode } from './port.js'
import { inodeOfCode, isDirectoryCode } from './ToldEntries.js'
import type { Moment, WatchNode } from './WatchNode.js'

/**
 * `same`: it is watched already, and there is nothing to look at; `alias`: it is, by another node; `replaced`: it is
 * watched, but its path leads elsewhere.
 */
export type VisitOutcome = 'listed' | 'failed' | 'same' | 'alias' | 'replaced'

const nothing: readonly DirectoryEntry[] = []

/** A directory that was watched and listed, and whose outcome waits for the fence. */
export class Visit {
  readonly node: WatchNode
  /** 0 when it has no watch. */
  readonly wd: number
  /** The node that had this watch before: the same directory under another path, or this very node. */
  readonly owner: WatchNode | undefined
  /** A time before it was listed. */
  readonly moment: Moment
  outcome: VisitOutcome = 'listed'
  errno = 0
  entries = nothing
  self: Inode | undefined = undefined
  /** The type of its filesystem when that tells only a part. */
  blind: string | undefined = undefined
  /** It is beyond the watch limit, or its filesystem tells only a part. */
  reason: 'unwatched' | 'blind' | undefined = undefined
  /** The first record of each name since the watch was added; `undefined` where there is none. */
  first: Map<string, number> | undefined = undefined

  constructor(node: WatchNode, wd: number, owner: WatchNode | undefined, moment: Moment) {
    this.node = node
    this.wd = wd
    this.owner = owner
    this.moment = moment
  }

  /** Sets how it went. */
  ended(outcome: VisitOutcome, errno = 0): this {
    this.outcome = outcome
    this.errno = errno
    return this
  }
}

/** Of a directory that is compared: what was told of some names goes on to be so. */
export function keepTold(node: WatchNode, names: Iterable<string>): void {
  const { former } = node
  if (former === undefined) return
  for (const name of names) {
    const told = former.entries?.get(name)
    if (told !== undefined) node.tell(detached(name), isDirectoryCode(told), inodeOfCode(told))
    node.changeTimes?.copy(name, former.changeTimes)
  }
}
