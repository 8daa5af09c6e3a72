import type { DirectoryEntry, Inode } from './port.js'
import type { WatchNode } from './WatchNode.js'

/** A directory that was watched and listed, and whose outcome waits for the fence. */
export interface Visit {
  readonly node: WatchNode
  /** 0 when it has no watch. */
  readonly wd: number
  readonly errno: number
  /**
   * `same`: it is watched already, and there is nothing to look at; `alias`: it is, by another node; `replaced`: it is watched, but its path leads
   * elsewhere.
   */
  readonly outcome: 'listed' | 'failed' | 'same' | 'alias' | 'replaced'
  readonly entries: readonly DirectoryEntry[]
  readonly self: Inode | undefined
  /** A time before it was listed, in microseconds since the epoch. */
  readonly at: number
  /** The type of its filesystem when that tells only a part. */
  readonly blind: string | undefined
  /** It is beyond the watch limit, or its filesystem tells only a part. */
  readonly reason: 'unwatched' | 'blind' | undefined
  /** The node that had this watch before: the same directory under another path, or this very node. */
  readonly owner: WatchNode | undefined
  /** The first record of each name since the watch was added. */
  readonly first: Map<string, number>
}

/** Of a directory that is compared: what was told of some names goes on to be so. */
export function keepTold(node: WatchNode, names: ReadonlyMap<string, number>): void {
  const { former } = node
  if (former === undefined) return
  for (const name of names.keys()) {
    const told = former.entries?.get(name)
    if (told !== undefined) node.entries!.set(name, told)
    node.changeTimes?.copy(name, former.changeTimes)
  }
}
