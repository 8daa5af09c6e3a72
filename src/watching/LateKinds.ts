import { IN } from '../linux/inotifyMasks.js'
import type { Crawler } from './Crawler.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** What listing a directory causes itself. */
export const OWN_LISTING = IN.OPEN | IN.ACCESS | IN.CLOSE_NOWRITE

// Some milliseconds of the main thread.
const NODES_A_ROUND = 4096

/**
 * Kinds that are asked for when a tree has been crawled for the first time. Listing causes records of these kinds,
 * several for each directory; nothing is told until all is watched, and the table needs none of them.
 */
export class LateKinds {
  readonly #table: WatchTable
  readonly #crawler: Pick<Crawler, 'widen' | 'rewatch' | 'demandRound'>
  readonly #mask: number
  #isOver: boolean
  #nodes: WatchNode[] | undefined
  #next = 0

  /** `mask` is that of all watches. */
  constructor(table: WatchTable, crawler: Pick<Crawler, 'widen' | 'rewatch' | 'demandRound'>, mask: number) {
    this.#table = table
    this.#crawler = crawler
    this.#mask = mask
    this.#isOver = (mask & OWN_LISTING) === 0
  }

  /** Asks for them at the next directories. False when that has been done at all. */
  ask(): boolean {
    if (this.#isOver) return false
    if (this.#nodes === undefined) {
      this.#crawler.widen(this.#mask)
      this.#nodes = this.#table.watched()
    }
    const end = Math.min(this.#next + NODES_A_ROUND, this.#nodes.length)
    while (this.#next < end) this.#crawler.rewatch(this.#nodes[this.#next++]!)
    this.#isOver = end === this.#nodes.length
    if (this.#isOver) this.#nodes = undefined
    // Where a path has led elsewhere it is to be visited; and records may have come meanwhile.
    this.#crawler.demandRound()
    return true
  }
}
