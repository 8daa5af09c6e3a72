import { ENOENT, ENOTDIR } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import { Crawler, type WatchProblem } from './Crawler.js'
import { LostRoots } from './LostRoots.js'
import { Moves } from './Moves.js'
import { FENCE_WD, type InotifyRecord, type KernelPort } from './port.js'
import { RecordQueue } from './RecordQueue.js'
import { ReadLog } from './ReadLog.js'
import { Repair, type RepairCounts } from './Repair.js'
import type { WatchNode, WatchRoot } from './WatchNode.js'
import { WatchTable } from './WatchTable.js'

export interface WatcherListener {
  /**
   * Something happened to the entry `name` of `node`, or to `node` itself when `name` is empty. `mask` has
   * one event bit of inotify(7), and ISDIR. `readAt` is 0 when a scan found it: then it is `synthetic`.
   */
  event(mask: number, node: WatchNode, name: string, cookie: number, readAt: number, synthetic: boolean): void
  /** Every watch is in place. */
  ready(): void
  /** The kernel's queue overflowed. */
  overflow(readAt: number): void
  /** After an overflow: the stream is whole again. */
  recovered(counts: RepairCounts): void
  /** A directory cannot be watched; the rest goes on. `ready` tells whether the start is over. */
  problem(problem: WatchProblem, ready: boolean): void
  /** A directory is polled, the first since all were watched. */
  polling(node: WatchNode): void
  /** A directory is the same as another that is watched already: a bind mount, or a loop of them. */
  alias(node: WatchNode, other: WatchNode): void
  /** All that happened before `stop` has been told. */
  stopped(): void
}

export interface WatcherOptions {
  /** Event bits that are wanted, beyond those that the table needs. */
  readonly mask: number
  /** True when nothing in the directory, nor below it, is wanted. Raw path relative to the root, and raw name. */
  prune(path: string, name: string): boolean
  /** After an overflow, compare with the disk and tell the differences. Costs memory for each entry. */
  readonly repair: boolean
  /** At the start, poll what is beyond the watch limit. Later that is always done. */
  readonly pollBeyondLimit: boolean
  /** The kernel's `max_queued_events`. */
  readonly queueLimit: number
}

// What the table itself needs to stay true; ATTRIB tells when an unreadable directory becomes readable.
const TABLE_MASK =
  IN.CREATE | IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO | IN.DELETE_SELF | IN.MOVE_SELF | IN.ATTRIB
// Some milliseconds of the main thread; and the records that the visits cause themselves must leave room in a
// queue that the main thread itself empties, or each repair of an overflow would cause the next one.
const ROUND = 512
const RECORDS_A_VISIT = 16
const OWN_LISTING = IN.OPEN | IN.ACCESS | IN.CLOSE_NOWRITE

/**
 * Turns the records of one inotify instance into events with a place in a tree of directories.
 *
 * Records are applied in kernel order. Two things make it wait for more of them before it goes on: the
 * directories that were just watched and listed (see Crawler), and the second half of a directory's rename.
 * What it tells never contradicts itself: where the kernel's records are ambiguous (only RENAME_EXCHANGE can make
 * them so), a synthetic event says what must have happened as soon as a later record shows it.
 *
 * It has no clock and does no I/O but through its port.
 */
export class Watcher {
  readonly table = new WatchTable()
  readonly #port: KernelPort
  readonly #listener: WatcherListener
  readonly #options: WatcherOptions
  readonly #queue = new RecordQueue()
  readonly #crawler: Crawler
  readonly #repair: Repair
  #reads: ReadLog
  readonly #moves: Moves
  readonly #lost: LostRoots
  readonly #polled = new Set<WatchNode>()
  #isPolling = false
  #ready = false
  #running = false
  #waiting = false
  #lastFence = 0
  #stopFence = 0
  #stopping = false
  #stopped = false
  #time = 0

  constructor(port: KernelPort, listener: WatcherListener, options: WatcherOptions) {
    this.#port = port
    this.#listener = listener
    this.#options = options
    this.#repair = new Repair(port, this.table, options.repair, (mask, node, name) =>
      this.#tell(mask, node, name),
    )
    this.#reads = new ReadLog(options.queueLimit, 0)
    this.#moves = new Moves(port, this.table, this.#queue, {
      leave: (node, name, mask, cookie, readAt) => this.#leave(node, name, mask, cookie, readAt),
      arrive: (node, record, readAt) => this.#arrive(node, record, readAt),
      moved: (node, record, readAt) => this.#moved(node, record, readAt),
      release: (node) => this.#release(node),
      empty: (node) => this.#empty(node),
      isPruned: (parent, name) => this.#isPruned(parent, name),
    })
    const mask = TABLE_MASK | options.mask | IN.ONLYDIR | IN.EXCL_UNLINK
    this.#lost = new LostRoots(port, this.table, mask, {
      found: (root) => this.#rootFound(root),
      problem: (root, errno) => this.#listener.problem({ node: this.table.nodeOf(root), errno }, this.#ready),
    })
    this.#crawler = new Crawler(port, this.table, mask, {
      round: Math.max(1, Math.min(ROUND, Math.floor(options.queueLimit / RECORDS_A_VISIT))),
      remember: options.repair,
      found: (node, name, isDirectory) => this.#found(node, name, isDirectory),
      polls: () => this.#options.pollBeyondLimit || this.#ready,
      polled: (node) => this.#addPolled(node),
      listed: (node) => this.#listed(node),
      entered: (node) => {
        const returned = this.#lost.hasReturned(node.root!) && this.#ready
        if (returned && node.root!.only === undefined) this.#tell(IN.CREATE | IN.ISDIR, node, '')
      },
      problem: (problem) => this.#problem(problem),
      alias: (node, other) => {
        this.#listener.alias(node, other)
        this.#release(node)
      },
      drop: (node) => {
        this.#empty(node)
        this.#release(node)
      },
    })
  }

  /** True once all watches are in place. */
  get isReady(): boolean {
    return this.#ready
  }

  /** When the record was read that is being applied, or was last: the time of what a scan finds. */
  get time(): number {
    return this.#time
  }

  /** True while events are held back for the second half of a rename. */
  get isWaiting(): boolean {
    return this.#waiting
  }

  /** Begins to crawl the roots, at `startedAt`. `ready` is told when all of it is watched. */
  start(roots: readonly WatchRoot[], startedAt: number): void {
    this.#reads = new ReadLog(this.#options.queueLimit, startedAt)
    for (const root of roots) {
      const node = this.table.addRoot(root)
      if (root.mayBeMissing && typeof this.#port.identify(root.path) === 'number') this.#lost.await(root)
      else this.#crawler.request(node)
    }
    this.#run()
  }

  /** Takes records, in the order in which the kernel gave them. */
  push(records: InotifyRecord[], readAt: number): void {
    this.#queue.push(records, readAt)
    this.#run()
  }

  /** Watches the directory `name` in `parent` and tells its content, unless that is done or pruned. */
  follow(parent: WatchNode, name: string): void {
    if (!parent.alive || !this.table.rootOf(parent).recursive) return
    this.#requestChild(parent, name)
    this.#run()
  }

  /** Directories that are polled for want of watches. */
  get polled(): number {
    return this.#polled.size
  }

  /** Compares the polled directories with what was told, last done at `since`; watches them if it can. */
  poll(since: number, now: number): void {
    this.#repair.since(since)
    this.#time = now
    for (const node of this.#polled) this.#crawler.request(node)
    this.#polled.clear()
    this.#run()
  }

  /** Tells all that has happened until now, then `stopped`. */
  stop(): void {
    if (this.#stopFence === 0) this.#stopFence = this.#port.fence()
  }

  /** Does nothing any more, whatever it is asked. */
  end(): void {
    this.#stopped = true
  }

  /** Goes on without the second half of a rename. */
  expireWait(): void {
    if (!this.#waiting) return
    this.#moves.expire()
    this.#run()
  }

  #run(): void {
    // An event handler may ask to follow a directory: the loop that is running will see the request.
    if (this.#running || this.#stopped) return
    this.#running = true
    try {
      while (this.#step());
    } finally {
      this.#running = false
    }
  }

  /** One round: settles visits, applies records, starts the next visits. False when it has to wait. */
  #step(): boolean {
    if (this.#crawler.isOpen) {
      const end = this.#queue.findFence(this.#crawler.fence)
      if (end < 0) return false
      const lost = (this.#queue.at(end)!.mask & IN.Q_OVERFLOW) !== 0
      this.#time = this.#queue.timeAt(this.#queue.head)
      this.#crawler.settle(this.#queue, end, this.#moves.displaced, lost)
    }
    while (!this.#queue.isEmpty && !this.#stopped) {
      const index = this.#queue.head
      const record = this.#queue.at(index)
      this.#time = this.#queue.timeAt(index)
      if (record !== undefined && !this.#apply(record, this.#time)) {
        this.#waiting = true
        return false
      }
      this.#waiting = false
      if (record !== undefined) this.#reads.note(this.#time)
      this.#queue.advance()
    }
    if (this.#stopped) return false
    if (this.#crawler.open()) return true
    const wasReady = this.#ready
    if (!wasReady) {
      this.#ready = true
      this.#listener.ready()
    }
    if (this.#repair.isRunning) {
      const counts = this.#repair.finish()
      if (wasReady && this.#options.repair) this.#listener.recovered(counts)
    }
    if (this.#polled.size === 0) this.#isPolling = false
    if (this.#stopping) {
      this.#stopped = true
      this.#listener.stopped()
    }
    return false
  }

  /** Applies one record; false when more records are needed to understand it. */
  #apply(record: InotifyRecord, readAt: number): boolean {
    const { wd, mask } = record
    if (wd === FENCE_WD) {
      this.#lastFence = record.cookie
      this.#moves.fencePassed(record.cookie)
      if (this.#stopFence !== 0 && record.cookie >= this.#stopFence) this.#stopping = true
      return true
    }
    if ((mask & IN.Q_OVERFLOW) !== 0) {
      this.#overflowed(readAt)
      return true
    }
    const node = this.table.byWd(wd)
    if (node !== undefined) return this.#applyTo(node, record, readAt)
    this.#lost.apply(record)
    return true
  }

  #applyTo(node: WatchNode, record: InotifyRecord, readAt: number): boolean {
    const { mask, name } = record
    this.#lost.apply(record)
    if ((mask & IN.IGNORED) !== 0) {
      this.table.clearWatch(node)
      this.#moves.ignored(node)
      if (node.root !== undefined && node.alive) this.#loseRoot(node)
      return true
    }
    if (name === '') {
      this.#applyToSelf(node, mask, readAt)
      return true
    }
    if (node.root?.only !== undefined && !node.root.only.has(name)) return true
    if ((mask & IN.MOVED_FROM) !== 0) return this.#moves.apply(node, record, readAt)
    if ((mask & IN.MOVED_TO) !== 0) this.#moves.arrived(node, name)
    else this.#moves.interrupt()
    if ((mask & (IN.CREATE | IN.MOVED_TO)) !== 0) this.#arrive(node, record, readAt)
    else if ((mask & IN.DELETE) !== 0) this.#leave(node, name, mask, record.cookie, readAt)
    else this.#touch(node, name, mask, readAt)
    return true
  }

  #applyToSelf(node: WatchNode, mask: number, readAt: number): void {
    if (!node.alive) return
    if ((mask & IN.UNMOUNT) !== 0) {
      this.#emit(IN.UNMOUNT | IN.ISDIR, node, '', 0, readAt)
      this.#empty(node)
      // What was below the mount point is there again.
      if (node.root === undefined) this.#crawler.request(node)
      return
    }
    // The parent's watch tells the same with the name.
    if (node.root === undefined) return
    if ((mask & OWN_LISTING) !== 0 && node.visitFence > this.#lastFence) return
    const moved = (mask & IN.MOVE_SELF) !== 0
    // What a file root's parent does is nobody's business, unless the file goes with it.
    if (node.root.only === undefined) this.#emit(mask | IN.ISDIR, node, '', 0, readAt)
    else if (moved) this.#empty(node)
    // Its new place is unknown, and the paths below would be wrong from now on.
    if (moved) this.#loseRoot(node)
  }

  /** A root is not where it was: waits for it to come back. */
  #loseRoot(node: WatchNode): void {
    this.#release(node)
    this.#lost.await(this.table.replaceRoot(node).root!)
  }

  /** A root is there, at the start or again, perhaps as something else than it was. */
  #rootFound(root: WatchRoot): void {
    const identity = this.#port.identify(root.path)
    const isFile = typeof identity !== 'number' && (identity.type === 'file' || identity.type === 'other')
    if (!isFile || root.only !== undefined) {
      this.#crawler.request(this.table.nodeOf(root))
      return
    }
    const slash = root.path.lastIndexOf('/')
    const parent = {
      path: root.path.slice(0, Math.max(slash, 1)),
      only: new Set([root.path.slice(slash + 1)]),
      recursive: root.recursive,
      mayBeMissing: true,
    }
    this.#crawler.request(this.table.replaceRoot(this.table.nodeOf(root), parent))
  }

  /** A directory cannot be watched. */
  #problem(problem: WatchProblem): void {
    const { node, errno } = problem
    if (!this.#ready || node.root === undefined || (errno !== ENOENT && errno !== ENOTDIR)) {
      this.#listener.problem(problem, this.#ready)
      return
    }
    // A root that was there when last told of: an overflow has swallowed its end.
    if (node.former !== undefined) {
      this.#empty(node)
      if (node.root.only === undefined) this.#tell(IN.DELETE_SELF | IN.ISDIR, node, '')
    }
    this.#loseRoot(node)
  }

  #touch(node: WatchNode, name: string, mask: number, readAt: number): void {
    if ((mask & IN.ISDIR) !== 0) {
      const child = this.table.child(node, name)
      if (child !== undefined) {
        // fsflow does not report that it reads directories itself.
        if ((mask & OWN_LISTING) !== 0 && child.visitFence > this.#lastFence) return
        if ((mask & IN.ATTRIB) !== 0 && child.wd === 0) this.#crawler.request(child)
      }
    }
    this.#emit(mask, node, name, 0, readAt)
  }

  #arrive(node: WatchNode, record: InotifyRecord, readAt: number): void {
    const { name, mask } = record
    const isDirectory = (mask & IN.ISDIR) !== 0
    const existing = this.table.child(node, name)
    if ((mask & IN.MOVED_TO) !== 0) {
      if (existing !== undefined) this.#moves.displace(existing)
    } else {
      if (existing !== undefined) {
        this.#empty(existing)
        this.#release(existing)
      }
      const told = node.entries?.get(name)
      if (told !== undefined && this.#ready) this.#tell(IN.DELETE | (told ? IN.ISDIR : 0), node, name)
    }
    this.#remember(node, name, isDirectory)
    this.#emit(mask, node, name, record.cookie, readAt)
    if (!this.#ready && isDirectory) this.#requestChild(node, name)
  }

  #moved(node: WatchNode, { mask, name, cookie }: InotifyRecord, readAt: number): void {
    this.#remember(node, name, true)
    this.#emit(mask, node, name, cookie, readAt)
  }

  #leave(node: WatchNode, name: string, mask: number, cookie: number, readAt: number): void {
    const isDirectory = (mask & IN.ISDIR) !== 0
    const isKnown = node.entries === undefined || node.entries.has(name)
    if (!isKnown && this.#ready) this.#tell(IN.CREATE | (isDirectory ? IN.ISDIR : 0), node, name)
    node.entries?.delete(name)
    const child = isDirectory ? this.table.child(node, name) : undefined
    if (child !== undefined) {
      if ((mask & IN.DELETE) !== 0) this.#empty(child)
      this.#release(child)
    }
    this.#emit(mask, node, name, cookie, readAt)
  }

  #release(node: WatchNode): void {
    for (const wd of this.table.remove(node)) this.#port.removeWatch(wd)
  }

  #empty(node: WatchNode): void {
    if (this.#ready) this.#repair.empty(node)
    if (node.children === undefined) return
    for (const child of [...node.children.values()]) this.#release(child)
  }

  #overflowed(readAt: number): void {
    this.#moves.reset()
    this.#lost.reset()
    if (this.#ready) this.#listener.overflow(readAt)
    const wds = this.#repair.begin(this.#reads.lossStart, this.#ready)
    for (const wd of wds) this.#port.removeWatch(wd)
    for (const root of this.table.roots) this.#crawler.request(root)
  }

  #addPolled(node: WatchNode): void {
    this.#polled.add(node)
    if (this.#isPolling) return
    this.#isPolling = true
    this.#listener.polling(node)
  }

  /** All entries of a directory have been found. */
  #listed(node: WatchNode): void {
    this.#repair.listed(node)
    if (node.children === undefined) return
    for (const child of [...node.children.values()]) {
      if (node.entries?.get(child.name) === false || node.entries?.has(child.name) === false)
        this.#release(child)
    }
  }

  /** The crawler has found an entry. */
  #found(node: WatchNode, name: string, isDirectory: boolean): void {
    if (this.#ready && node.former !== undefined) {
      const former = this.#repair.found(node, name, isDirectory)
      this.#remember(node, name, isDirectory)
      if (former !== undefined) this.#requestChild(node, name, former)
      return
    }
    this.#remember(node, name, isDirectory)
    if (this.#ready) {
      this.#repair.foundBelow()
      this.#tell(IN.CREATE | (isDirectory ? IN.ISDIR : 0), node, name)
    } else if (isDirectory && this.table.rootOf(node).recursive) this.#requestChild(node, name)
  }

  #requestChild(parent: WatchNode, name: string, former?: WatchNode): void {
    let child = this.table.child(parent, name)
    if (child === undefined) {
      if (this.#isPruned(parent, name)) return
      child = this.table.attach(parent, name)
      child.former = former
    }
    if (child.wd === 0) this.#crawler.request(child)
  }

  #isPruned(parent: WatchNode, name: string): boolean {
    const above = this.table.relativePath(parent)
    return this.#options.prune(above === '' ? name : `${above}/${name}`, name)
  }

  #remember(node: WatchNode, name: string, isDirectory: boolean): void {
    node.entries?.set(name, isDirectory)
  }

  /** Tells something that was found, not reported. */
  #tell(mask: number, node: WatchNode, name: string): void {
    this.#listener.event(mask, node, name, 0, 0, true)
  }

  #emit(mask: number, node: WatchNode, name: string, cookie: number, readAt: number): void {
    if (this.#ready) this.#listener.event(mask, node, name, cookie, readAt, false)
  }
}
