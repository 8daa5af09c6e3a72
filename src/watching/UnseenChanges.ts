import { EACCES, ENOSPC, EPERM } from '../linux/errno.js'
import type { Crawler, WatchProblem } from './Crawler.js'
import type { Entries } from './Entries.js'
import { Polling } from './Polling.js'
import type { KernelPort } from './port.js'
import { Remounts } from './Remounts.js'
import type { Roots } from './Roots.js'
import type { WatcherListener, WatcherOptions } from './WatcherListener.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

// Entries that are looked at in one go: some milliseconds, where the filesystem is not slow.
const ENTRIES_A_SLICE = 500
// These say something of the directory. All other failures may pass.
const LASTING: ReadonlySet<number> = new Set([EACCES, EPERM, ENOSPC])

/** The parts of a watcher that it works with. */
export interface Parts {
  readonly port: KernelPort
  readonly table: WatchTable
  readonly crawler: Crawler
  readonly entries: Entries
  readonly roots: Roots
}

/** What happens without a record of the kernel, and is found by looking from time to time, or when it is said to. */
export class UnseenChanges {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #crawler: Crawler
  readonly #entries: Entries
  readonly #roots: Roots
  readonly #listener: WatcherListener
  readonly #remounts: Remounts
  readonly #polling = new Polling()
  readonly #links = new Set<WatchNode>()
  /** Directories that seem to be the same as others, whose owners are being looked at. */
  readonly #twins = new WeakSet<WatchNode>()
  #isBeyondLimit = false

  constructor(
    { port, table, crawler, entries, roots }: Parts,
    listener: WatcherListener,
    options: Pick<WatcherOptions, 'mounts'>,
  ) {
    this.#port = port
    this.#table = table
    this.#crawler = crawler
    this.#entries = entries
    this.#roots = roots
    this.#listener = listener
    this.#remounts = new Remounts(table, crawler, options.mounts)
  }

  /** True when there is something to be looked at from time to time. */
  get isExpected(): boolean {
    return this.#polling.size > 0 || this.#roots.mayMiss
  }

  /** A directory was visited; `reason` is why not all of it will be seen. */
  visited(node: WatchNode, reason: 'unwatched' | 'blind' | undefined): void {
    node.aliasOf?.aliases?.delete(node)
    node.aliasOf = undefined
    const isSure = node.root === undefined ? !node.isLink : this.#roots.secure(node.root)
    this.#polling.set(node, reason ?? (isSure ? undefined : 'path'))
    if (reason === 'unwatched' && !this.#isBeyondLimit) {
      this.#isBeyondLimit = true
      this.#listener.polling(node)
    }
    const isToldAlready = node.parent?.blind === node.blind || node.former?.blind === node.blind
    if (reason === 'blind' && !isToldAlready) this.#listener.blind(node)
  }

  linked(node: WatchNode): void {
    this.#links.add(node)
  }

  /** A directory could not be visited. */
  failed({ node, errno }: WatchProblem, isReady: boolean): void {
    const mayPass = !LASTING.has(errno) || node.parent?.blind !== undefined
    const before = mayPass ? this.#polling.set(node, 'failing') : undefined
    if (before !== 'failing') this.#listener.problem({ node, errno }, isReady)
  }

  /** A directory is watched already, as `owner`. True when that may be since it was renamed unseen: it is looked at. */
  mayBeMoved(node: WatchNode, owner: WatchNode): boolean {
    if (this.#twins.delete(node)) return false
    this.#twins.add(node)
    this.#crawler.confirm(owner)
    this.#crawler.request(node)
    return true
  }

  /** There is no directory at the path of one. It may be there again without a record. */
  gone(node: WatchNode): void {
    const identity = node.isLink ? this.#port.identify(this.#table.pathOf(node)) : -1
    this.#entries.empty(node)
    if (typeof identity !== 'number' && identity.type === 'symlink') this.#polling.set(node, 'path')
    else if (node.parent?.isSeen === false) this.#polling.set(node, 'failing')
    else this.#entries.release(node)
  }

  /** Has the next directories looked at. True when that was the last of a cycle. */
  look(): boolean {
    if (this.#polling.isCycleOver) this.#roots.look()
    for (const [node, reason] of this.#polling.next(ENTRIES_A_SLICE)) {
      if (reason === 'path') this.#crawler.probe(node)
      else this.#crawler.recheck(node)
    }
    return this.#polling.isCycleOver
  }

  /** The roots are about to be visited for the first time. */
  start(roots: readonly string[]): void {
    this.#remounts.start(roots)
  }

  /** Something may have been mounted or unmounted. */
  remounted(): void {
    this.#remounts.begin()
  }

  /** The kernel has said that the filesystem of a directory was unmounted, or its path leads where it did. */
  isMounted(node: WatchNode): void {
    this.#remounts.take(node)
  }

  /** The path of a directory leads elsewhere. True when its filesystem was unmounted. */
  wasUnmounted(node: WatchNode): boolean {
    return this.#remounts.take(node)
  }

  /** All records have been applied, and no visits are under way. */
  applied(): void {
    if (!this.#remounts.settle()) return
    for (const link of this.#links) {
      if (link.alive) this.#crawler.probe(link)
      else this.#links.delete(link)
    }
    this.#roots.look()
  }

  /** Everything that was asked for has been visited. */
  settled(): void {
    if (!this.#isBeyondLimit || this.#polling.unwatched > 0) return
    this.#isBeyondLimit = false
    this.#listener.watchedAgain()
  }
}
