import { ENOENT, ENOTDIR } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import { Ancestors } from './Ancestors.js'
import type { WatchProblem } from './Crawler.js'
import type { Entries } from './Entries.js'
import { LostRoots } from './LostRoots.js'
import type { InotifyRecord, KernelPort } from './port.js'
import type { WatchNode, WatchRoot } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

export interface RootsHost {
  /** A root is to be visited. */
  request(node: WatchNode): void
  /** The same, although it is watched. */
  recheck(node: WatchNode): void
  /** A root can be neither watched nor awaited. */
  problem(problem: WatchProblem): void
  /** True when not all that changes in a directory gives records. */
  isBlind(path: string): boolean
}

/** The roots of the table: what becomes of them when they come and go. */
export class Roots {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #entries: Entries
  readonly #host: RootsHost
  readonly #lost: LostRoots
  readonly #ancestors: Ancestors

  constructor(port: KernelPort, table: WatchTable, entries: Entries, mask: number, host: RootsHost) {
    this.#port = port
    this.#table = table
    this.#entries = entries
    this.#host = host
    this.#ancestors = new Ancestors(port, (wd) => table.byWd(wd) !== undefined || this.#lost.has(wd))
    this.#lost = new LostRoots(port, table, mask, {
      found: (root) => this.#found(root),
      problem: (root, errno) => host.problem({ node: table.nodeOf(root), errno }),
      isBlind: (path) => host.isBlind(path),
      isTaken: (wd) => this.#ancestors.has(wd),
    })
  }

  /** True when a root that is awaited may come without a record. */
  get mayMiss(): boolean {
    return this.#lost.mayMiss
  }

  /** A root is there: watches what is above it. False when its path may lead elsewhere, and no record would say so. */
  secure(root: WatchRoot): boolean {
    return this.#ancestors.watch(root.path)
  }

  start(root: WatchRoot): void {
    const node = this.#table.addRoot(root)
    if (root.mayBeMissing && !this.#lost.isThere(root.path)) this.#lost.await(root)
    else this.#host.request(node)
  }

  /** A root that is there, or comes, is told. */
  arrive(root: WatchRoot): void {
    this.#table.addRoot(root)
    this.#lost.await(root)
  }

  /** Looks whether roots that are awaited are there; no record may have said so. */
  look(): void {
    this.#lost.look()
  }

  /** Shows a record to the roots that are awaited, and to those whose path it may concern. */
  apply(record: InotifyRecord, readAt: number): void {
    this.#lost.apply(record)
    if ((record.mask & IN.IGNORED) !== 0) this.#ancestors.ended(record.wd)
    if ((record.mask & IN.MOVE_SELF) === 0 || record.name !== '') return
    for (const path of this.#ancestors.rootsBelow(record.wd)) {
      const node = this.#table.roots.find(({ root }) => root!.path === path)
      // What the path leads to is another directory from now on.
      if (node !== undefined && node.wd !== 0 && node.wd !== record.wd) this.moved(node, readAt)
    }
  }

  /** A root was moved away: its new place is unknown, and paths below it would be wrong from now on. */
  moved(node: WatchNode, readAt: number): void {
    if (node.root!.only === undefined) this.#entries.touch(node, '', IN.MOVE_SELF | IN.ISDIR, readAt)
    else this.#entries.empty(node)
    this.lose(node)
  }

  /** A root is not where it was: waits for it to come back. */
  lose(node: WatchNode): void {
    this.#ancestors.release(node.root!.path)
    this.#entries.release(node)
    this.#lost.await(this.#table.replaceRoot(node).root!)
  }

  /** A root has been visited, and its entries are about to be told: one that was lost is told first. */
  entered(node: WatchNode): void {
    const root = node.root!
    const hasReturned = this.#lost.hasReturned(root) && this.#entries.isReady
    if (hasReturned && root.only === undefined && !this.#isToldAbove(root)) {
      this.#entries.tell(IN.CREATE | IN.ISDIR, node, '')
    }
  }

  /** True when the problem is that a root has vanished, which is then dealt with. */
  hasVanished({ node, errno }: WatchProblem): boolean {
    if (!this.#entries.isReady || node.root === undefined) return false
    if (errno !== ENOENT && errno !== ENOTDIR) return false
    // It was there when last told of: no record has told its end.
    const { self, entries } = node.lastTold
    if (self !== undefined || entries !== undefined) {
      this.#entries.empty(node)
      if (node.root.only === undefined) this.#entries.tell(IN.DELETE_SELF | IN.ISDIR, node, '')
    }
    this.lose(node)
    return true
  }

  /** After an overflow every root is visited anew, and awaited anew if it is not there. */
  reset(): void {
    this.#lost.reset()
    this.#ancestors.reset()
  }

  /** A root is there, at the start or again, perhaps as something else than it was. */
  #found(root: WatchRoot): void {
    const node = this.#table.nodeOf(root)
    const identity = this.#port.identify(root.path)
    const isFile = typeof identity !== 'number' && (identity.type === 'file' || identity.type === 'other')
    if (!isFile || root.only !== undefined) {
      this.#host.request(node)
      return
    }
    // It is told as an entry of its parent, not as a root that comes back.
    this.#lost.hasReturned(root)
    const { parent, name } = parted(root.path)
    const other = this.#table.roots.find((one) => one !== node && one.root!.path === parent)
    if (other === undefined) {
      const { recursive } = root
      const whole = { path: parent, only: new Set([name]), recursive, mayBeMissing: true }
      this.#host.request(this.#table.replaceRoot(node, whole))
      return
    }
    // Another root is that directory, or another file in it.
    this.#entries.release(node)
    this.#table.removeRoot(node)
    other.root!.only?.add(name)
    this.#host.recheck(other)
  }

  /** True when another root tells it as an entry of its own. */
  #isToldAbove(root: WatchRoot): boolean {
    const { parent, name } = parted(root.path)
    return this.#table.roots.some(({ wd, root: other }) => {
      return wd !== 0 && other!.path === parent && (other!.only === undefined || other!.only.has(name))
    })
  }
}

function parted(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf('/')
  return { parent: path.slice(0, Math.max(slash, 1)), name: path.slice(slash + 1) }
}
