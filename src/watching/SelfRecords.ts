import { IN } from '../linux/inotifyMasks.js'
import type { Crawler } from './Crawler.js'
import type { Entries } from './Entries.js'
import type { Moves } from './Moves.js'
import type { Roots } from './Roots.js'
import type { UnseenChanges } from './UnseenChanges.js'
import type { WatchNode } from './WatchNode.js'

/** The parts of a watcher that are told what a record means. */
export interface SelfRecordsParts {
  readonly crawler: Pick<Crawler, 'request'>
  readonly entries: Pick<Entries, 'touch' | 'empty' | 'renew' | 'tell'>
  readonly roots: Pick<Roots, 'moved' | 'lose'>
}

/** Applies what happens to a watched directory itself, as its own watch tells it. */
export class SelfRecords {
  readonly #parts: SelfRecordsParts
  readonly #moves: Pick<Moves, 'ended'>
  readonly #unseen: Pick<UnseenChanges, 'isMounted' | 'wasUnmounted'>
  readonly #isOwnListing: (node: WatchNode, mask: number) => boolean

  /** `isOwnListing` is true for a record that fsflow itself has caused by reading the directory. */
  constructor(
    parts: SelfRecordsParts,
    moves: Pick<Moves, 'ended'>,
    unseen: Pick<UnseenChanges, 'isMounted' | 'wasUnmounted'>,
    isOwnListing: (node: WatchNode, mask: number) => boolean,
  ) {
    this.#parts = parts
    this.#moves = moves
    this.#unseen = unseen
    this.#isOwnListing = isOwnListing
  }

  apply(node: WatchNode, mask: number, readAt: number): void {
    if ((mask & IN.MOVE_SELF) !== 0) this.#moves.ended(node)
    if (!node.alive) return
    const { crawler, entries, roots } = this.#parts
    if ((mask & IN.UNMOUNT) !== 0) {
      this.#unseen.isMounted(node)
      // The kernel says so of every watched directory.
      if (node.isTopOfFilesystem) entries.touch(node, '', IN.UNMOUNT | IN.ISDIR, readAt)
      entries.empty(node)
      node.blind = undefined
      // What was below the mount point is there again. A root waits for IGNORED.
      if (node.root === undefined) crawler.request(node)
      return
    }
    // What a link leads to lies elsewhere, and its end is told nowhere else.
    if (node.isLink && (mask & IN.MOVE_SELF) !== 0) entries.renew(node)
    else if (node.isLink && (mask & IN.DELETE_SELF) !== 0) crawler.request(node)
    // The parent's watch tells the same with the name.
    if (node.root === undefined) return
    if (this.#isOwnListing(node, mask)) return
    if ((mask & IN.ATTRIB) !== 0) this.requestUnwatched(node)
    if ((mask & IN.MOVE_SELF) !== 0) roots.moved(node, readAt)
    // What a file root's parent does is nobody's business.
    else if (node.root.only === undefined) entries.touch(node, '', mask | IN.ISDIR, readAt)
  }

  /** Rights have changed: what is in the directory may be reached now. */
  requestUnwatched(node: WatchNode): void {
    const { crawler } = this.#parts
    if (node.wd === 0) crawler.request(node)
    if (node.children === undefined) return
    for (const child of node.children.values()) if (child.wd === 0) crawler.request(child)
  }

  /** The path of a watched directory leads elsewhere by now, and no record has said so. */
  replaced(node: WatchNode): void {
    if (this.#moves.ended(node)) return
    const { entries, roots } = this.#parts
    const isUnmounted = this.#unseen.wasUnmounted(node)
    if (isUnmounted) entries.tell(IN.UNMOUNT | IN.ISDIR, node, '')
    if (!isUnmounted || node.root === undefined) entries.renew(node)
    else {
      entries.empty(node)
      roots.lose(node)
    }
  }
}
