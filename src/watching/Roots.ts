import { ENOENT, ENOTDIR } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import type { WatchProblem } from './Crawler.js'
import type { Entries } from './Entries.js'
import { LostRoots } from './LostRoots.js'
import type { InotifyRecord, KernelPort } from './port.js'
import type { WatchNode, WatchRoot } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

export interface RootsHost {
  /** A root is to be visited. */
  request(node: WatchNode): void
  /** A root can be neither watched nor awaited. */
  problem(problem: WatchProblem): void
}

/** Keeps the roots: starts them, awaits those that are not there, and picks them up again when they come back. */
export class Roots {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #entries: Entries
  readonly #host: RootsHost
  readonly #lost: LostRoots

  constructor(port: KernelPort, table: WatchTable, entries: Entries, mask: number, host: RootsHost) {
    this.#port = port
    this.#table = table
    this.#entries = entries
    this.#host = host
    this.#lost = new LostRoots(port, table, mask, {
      found: (root) => this.#found(root),
      problem: (root, errno) => host.problem({ node: table.nodeOf(root), errno }),
    })
  }

  start(root: WatchRoot): void {
    const node = this.#table.addRoot(root)
    if (root.mayBeMissing && typeof this.#port.identify(root.path) === 'number') this.#lost.await(root)
    else this.#host.request(node)
  }

  /** Shows a record to the roots that are awaited. */
  apply(record: InotifyRecord): void {
    this.#lost.apply(record)
  }

  /** A root is not where it was: waits for it to come back. */
  lose(node: WatchNode): void {
    this.#entries.release(node)
    this.#lost.await(this.#table.replaceRoot(node).root!)
  }

  /** A root has been visited, and its entries are about to be told: one that was lost is told first. */
  entered(node: WatchNode): void {
    const hasReturned = this.#lost.hasReturned(node.root!) && this.#entries.isReady
    if (hasReturned && node.root!.only === undefined) this.#entries.tell(IN.CREATE | IN.ISDIR, node, '')
  }

  /** True when the problem is that a root has vanished, which is then dealt with. */
  hasVanished({ node, errno }: WatchProblem): boolean {
    if (!this.#entries.isReady || node.root === undefined) return false
    if (errno !== ENOENT && errno !== ENOTDIR) return false
    // It was there when last told of: an overflow has swallowed its end.
    if (node.former !== undefined) {
      this.#entries.empty(node)
      if (node.root.only === undefined) this.#entries.tell(IN.DELETE_SELF | IN.ISDIR, node, '')
    }
    this.lose(node)
    return true
  }

  /** After an overflow every root is visited anew, and awaited anew if it is not there. */
  reset(): void {
    this.#lost.reset()
  }

  /** A root is there, at the start or again, perhaps as something else than it was. */
  #found(root: WatchRoot): void {
    const identity = this.#port.identify(root.path)
    const isFile = typeof identity !== 'number' && (identity.type === 'file' || identity.type === 'other')
    if (!isFile || root.only !== undefined) {
      this.#host.request(this.#table.nodeOf(root))
      return
    }
    // It is told as an entry of its parent, not as a root that comes back.
    this.#lost.hasReturned(root)
    const slash = root.path.lastIndexOf('/')
    const parent = {
      path: root.path.slice(0, Math.max(slash, 1)),
      only: new Set([root.path.slice(slash + 1)]),
      recursive: root.recursive,
      mayBeMissing: true,
    }
    this.#host.request(this.#table.replaceRoot(this.#table.nodeOf(root), parent))
  }
}
