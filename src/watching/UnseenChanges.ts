import { EACCES, ENOSPC, EPERM } from '../linux/errno.js'
import type { Crawler, WatchProblem } from './Crawler.js'
import type { Entries } from './Entries.js'
import { Polling } from './Polling.js'
import type { KernelPort } from './port.js'
import type { Roots } from './Roots.js'
import type { WatcherListener, WatcherOptions } from './WatcherListener.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

// Entries that are looked at in one go: some milliseconds, where the filesystem is not slow.
const ENTRIES_A_SLICE = 500
// These say something of the directory. All other failures may pass.
const LASTING: ReadonlySet<number> = new Set([EACCES, EPERM, ENOSPC])

/** What happens without a record of the kernel, and is found by looking from time to time. */
export class UnseenChanges {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #crawler: Crawler
  readonly #entries: Entries
  readonly #roots: Roots
  readonly #listener: WatcherListener
  readonly #options: Pick<WatcherOptions, 'isBlind'>
  readonly #polling = new Polling()
  readonly #links = new Set<WatchNode>()
  /** Directories that seem to be the same as others, whose owners are being looked at. */
  readonly #twins = new WeakSet<WatchNode>()
  #isBeyondLimit = false

  constructor(
    { port, table, crawler, entries, roots }: Parts,
    listener: WatcherListener,
    options: Pick<WatcherOptions, 'isBlind'>,
  ) {
    this.#port = port
    this.#table = table
    this.#crawler = crawler
    this.#entries = entries
    this.#roots = roots
    this.#listener = listener
    this.#options = options
  }

  /** True when there is something to be looked at from time to time. */
  get isExpected(): boolean {
    return this.#polling.size > 0 || this.#roots.mayMiss((path) => this.#options.isBlind(undefined, path))
  }

  /** A directory was visited; `reason` is why not all of it will be seen. */
  visited(node: WatchNode, reason: 'unwatched' | 'blind' | undefined): void {
    const before = this.#polling.set(node, reason ?? (node.isLink ? 'link' : undefined))
    if (reason === 'unwatched' && !this.#isBeyondLimit) {
      this.#isBeyondLimit = true
      this.#listener.polling(node)
    }
    if (reason === 'blind' && before !== 'blind' && node.parent?.isBlind !== true) this.#listener.blind(node)
  }

  linked(node: WatchNode): void {
    this.#links.add(node)
  }

  /** A directory could not be visited. */
  failed({ node, errno }: WatchProblem, isReady: boolean): void {
    const mayPass = !LASTING.has(errno) || node.parent?.isBlind === true
    const before = mayPass ? this.#polling.set(node, 'failing') : undefined
    if (before !== 'failing') this.#listener.problem({ node, errno }, isReady)
  }

  /** A directory is watched already, as `owner`. True when that may be since it was renamed unseen: it is looked at. */
  mayBeMoved(node: WatchNode, owner: WatchNode): boolean {
    if (!owner.isBlind || this.#twins.delete(node)) return false
    this.#twins.add(node)
    this.#crawler.recheck(owner)
    this.#crawler.recheck(node)
    return true
  }

  /** There is no directory at the path of one. It may be there again without a record. */
  gone(node: WatchNode): void {
    const identity = node.isLink ? this.#port.identify(this.#table.pathOf(node)) : -1
    this.#entries.empty(node)
    if (typeof identity !== 'number' && identity.type === 'symlink') this.#polling.set(node, 'link')
    else if (node.parent?.isBlind === true) this.#polling.set(node, 'failing')
    else this.#entries.release(node)
  }

  /** Has the next directories looked at. True when that was the last of a cycle. */
  look(): boolean {
    if (this.#polling.isCycleOver) this.#roots.look()
    for (const node of this.#polling.next(ENTRIES_A_SLICE)) this.#crawler.recheck(node)
    return this.#polling.isCycleOver
  }

  /** Everything that was asked for has been visited. */
  settled(): void {
    if (!this.#isBeyondLimit || this.#polling.unwatched > 0) return
    this.#isBeyondLimit = false
    this.#listener.watchedAgain()
  }

  /** Something was mounted or unmounted at the path `below` a root, or above it when that is empty. */
  remounted(root: string, below: string): void {
    for (const top of [...this.#table.roots]) {
      if (top.root!.path !== root) continue
      const node = this.#table.find(top, below)
      if (node === undefined) continue
      this.#crawler.recheck(node)
      this.#recheckBlindness(node)
    }
    for (const link of this.#links) {
      if (link.alive) this.#crawler.recheck(link)
      else this.#links.delete(link)
    }
    this.#roots.look()
  }

  /** What has been visited since the mounts changed was taken for what it was before. */
  #recheckBlindness(top: WatchNode): void {
    const pending = [top]
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (this.#options.isBlind(node, this.#table.pathOf(node)) !== node.isBlind) this.#crawler.recheck(node)
      if (node.children !== undefined) for (const child of node.children.values()) pending.push(child)
    }
  }
}

/** The parts of a watcher that it works with. */
export interface Parts {
  readonly port: KernelPort
  readonly table: WatchTable
  readonly crawler: Crawler
  readonly entries: Entries
  readonly roots: Roots
}
