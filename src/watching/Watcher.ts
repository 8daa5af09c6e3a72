import { IN } from '../linux/inotifyMasks.js'
import { detached } from '../linux/rawPath.js'
import { Crawler } from './Crawler.js'
import { Entries } from './Entries.js'
import { LateKinds, OWN_LISTING } from './LateKinds.js'
import { Moves } from './Moves.js'
import { FENCE_WD, type InotifyRecord, type KernelPort } from './port.js'
import { RecordQueue } from './RecordQueue.js'
import { ReadLog } from './ReadLog.js'
import { Repair } from './Repair.js'
import { Roots } from './Roots.js'
import { SelfRecords } from './SelfRecords.js'
import { Strays } from './Strays.js'
import { UnseenChanges } from './UnseenChanges.js'
import { WatchNode, type WatchRoot } from './WatchNode.js'
import type { WatcherListener, WatcherOptions } from './WatcherListener.js'
import { WatchTable } from './WatchTable.js'

// What the table itself needs to stay true; ATTRIB tells when an unreadable directory becomes readable.
const TABLE_MASK =
  IN.CREATE | IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO | IN.DELETE_SELF | IN.MOVE_SELF | IN.ATTRIB
const ENTRY_CHANGES = IN.CREATE | IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO
// Some milliseconds of the main thread; and the records that the visits cause themselves must leave room in a
// queue that the main thread itself empties, or each repair of an overflow would cause the next one.
const ROUND = 512
const RECORDS_A_VISIT = 16
// Until the start is over, visits cause no records, and nobody waits for events.
const START_ROUND = 2048

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
  readonly #strays: Strays
  readonly #entries: Entries
  readonly #roots: Roots
  readonly #unseen: UnseenChanges
  readonly #selves: SelfRecords
  readonly #lateKinds: LateKinds
  #arriving: readonly WatchRoot[] = []
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
    this.#repair = new Repair(port, this.table, options.repair, {
      tell: (mask, node, name, cookie) => this.#entries.tell(mask, node, name, cookie),
      tellFresh: (node, name, type, ino) => this.#entries.tellFresh(node, name, type, ino),
      place: (node, name, type, ino, former) => this.#entries.place(node, name, type, ino, former),
    })
    this.#reads = new ReadLog(options.queueLimit, 0)
    this.#entries = new Entries(port, this.table, this.#repair, {
      event: (mask, node, name, cookie, readAt, synthetic) =>
        listener.event(mask, node, name, cookie, readAt, synthetic),
      prune: options.prune,
      request: (node) => this.#crawler.request(node),
      displace: (node) => this.#moves.displace(node),
      linked: (node) => this.#unseen.linked(node),
      followSymlinks: options.followSymlinks,
    })
    this.#strays = new Strays(this.#queue, () => this.#moves.isPast())
    this.#moves = new Moves(port, this.table, this.#queue, this.#entries, this.#strays)
    const mask = TABLE_MASK | options.mask | IN.ONLYDIR | IN.EXCL_UNLINK
    this.#roots = new Roots(port, this.table, this.#entries, mask, {
      request: (node) => this.#crawler.request(node),
      recheck: (node) => this.#crawler.recheck(node),
      problem: (problem) => listener.problem(problem, this.isReady),
      isBlind: (path) => options.blindFilesystem(path) !== undefined,
    })
    const round = Math.max(1, Math.min(ROUND, Math.floor(options.queueLimit / RECORDS_A_VISIT)))
    this.#crawler = new Crawler(port, this.table, mask & ~OWN_LISTING, {
      round: () => (this.isReady ? round : START_ROUND),
      remember: options.repair,
      now: () => this.#time,
      polls: () => options.pollBeyondLimit || this.isReady,
      blindFilesystem: (path) => options.blindFilesystem(path),
      visited: (node, reason) => this.#unseen.visited(node, reason),
      entered: (node) => this.#roots.entered(node),
      found: (node, name, type, ino) => this.#entries.found(node, name, type, ino),
      known: (node, name, type, ino) => this.#entries.known(node, name, type, ino),
      listed: (node) => this.#entries.listed(node),
      problem: (problem) => {
        if (!this.#roots.hasVanished(problem)) this.#unseen.failed(problem, this.isReady)
      },
      alias: (node, other) => {
        if (!this.#unseen.mayBeMoved(node, other) && this.#entries.alias(node, other))
          listener.alias(node, other)
      },
      drop: (node) => this.#unseen.gone(node),
      same: (node) => this.#unseen.isMounted(node),
      replaced: (node) => this.#selves.replaced(node),
    })
    this.#lateKinds = new LateKinds(this.table, this.#crawler, mask)
    const parts = {
      port,
      table: this.table,
      crawler: this.#crawler,
      entries: this.#entries,
      roots: this.#roots,
    }
    this.#unseen = new UnseenChanges(parts, listener, options)
    this.#selves = new SelfRecords(parts, this.#moves, this.#unseen, (node, mask) =>
      this.#isOwnListing(node, mask),
    )
  }

  /** True once all watches are in place. */
  get isReady(): boolean {
    return this.#entries.isReady
  }

  /** When the record was read that is being applied, or was last: the time of what a scan finds. */
  get time(): number {
    return this.#time
  }

  /** True while events are held back for the second half of a rename, or for the birth of what one is about. */
  get isWaiting(): boolean {
    return this.#waiting
  }

  /** Begins to crawl the roots, at `startedAt`. `ready` is told when all of it is watched. */
  start(roots: readonly WatchRoot[], startedAt: number): void {
    this.#reads = new ReadLog(this.#options.queueLimit, startedAt)
    this.#time = startedAt
    this.#unseen.start(roots.map(({ path }) => path))
    for (const root of roots) if (root.isNew !== true) this.#roots.start(root)
    this.#arriving = roots.filter(({ isNew }) => isNew === true)
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
    this.#entries.requestChild(parent, detached(name))
    this.#run()
  }

  /** True when `look` is to be called from time to time. */
  get needsLooks(): boolean {
    return this.#unseen.isExpected
  }

  /** True while there are directories still to be looked at. */
  get isCrawling(): boolean {
    return this.#crawler.isOpen
  }

  /** Something may have been mounted or unmounted. */
  remounted(): void {
    this.#unseen.remounted()
    this.#run()
  }

  /** Looks for what no record tells, a part at a time. True when the next part begins anew. */
  look(now: number): boolean {
    this.#time = now
    const isWhole = this.#unseen.look()
    this.#run()
    return isWhole
  }

  /** Tells all that has happened until now, then `stopped`. */
  stop(): void {
    if (this.#stopFence === 0) this.#stopFence = this.#port.fence()
  }

  /** Does nothing any more, whatever it is asked. */
  end(): void {
    this.#stopped = true
    WatchNode.keepLatest()
  }

  /** Goes on without what is waited for. */
  expireWait(): void {
    if (!this.#waiting) return
    if (this.#strays.isWaiting) this.#strays.expire()
    else this.#moves.expire()
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
      this.#time = this.#queue.headTime
      this.#crawler.settle(this.#queue, end, this.#moves.displaced, lost)
    }
    while (!this.#queue.isEmpty && !this.#stopped) {
      const index = this.#queue.head
      const record = this.#queue.at(index)
      this.#time = this.#queue.headTime
      if (record !== undefined && !this.#apply(record, this.#time)) {
        this.#waiting = true
        return false
      }
      this.#waiting = false
      if (record !== undefined) this.#reads.note(this.#time)
      this.#queue.advance()
    }
    if (this.#stopped) return false
    this.#unseen.applied()
    if (this.#crawler.open()) return true
    if (this.#repair.isRunning && this.#repair.settle()) return true
    this.#unseen.settled()
    const wasReady = this.isReady
    if (!wasReady) {
      if (this.#lateKinds.ask()) return true
      this.#entries.isReady = true
      this.#listener.ready()
      for (const root of this.#arriving) this.#roots.arrive(root)
      if (this.#arriving.length > 0) return true
    }
    if (this.#repair.isRunning) {
      const counts = this.#repair.finish()
      if (wasReady && this.#options.repair) this.#listener.recovered(counts)
    }
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
    this.#roots.apply(record, readAt)
    return true
  }

  #applyTo(node: WatchNode, record: InotifyRecord, readAt: number): boolean {
    const { mask, name } = record
    this.#roots.apply(record, readAt)
    if ((mask & IN.IGNORED) !== 0) {
      this.table.clearWatch(node)
      this.#moves.ended(node)
      if (node.root !== undefined && node.alive) this.#roots.lose(node)
      return true
    }
    if (name === '') {
      this.#selves.apply(node, mask, readAt)
      return true
    }
    // It has no name: when it gets one, what is in it is told anew.
    if (this.#moves.isDisplaced(node)) return true
    if (node.root?.only !== undefined && !node.root.only.has(name)) return true
    if ((mask & IN.MOVED_FROM) !== 0) return this.#moves.apply(node, record, readAt)
    if ((mask & ENTRY_CHANGES) === 0 && this.#isStray(node, name))
      return this.#placeStray(node, record, readAt)
    if ((mask & IN.MOVED_TO) !== 0) this.#moves.arrived(node, name)
    else this.#moves.interrupt()
    if ((mask & (IN.CREATE | IN.MOVED_TO)) !== 0) {
      this.#strays.came(node, name)
      this.#entries.arrive(node, record, readAt)
    } else if ((mask & IN.DELETE) !== 0) {
      this.#entries.leave(node, name, mask, record.cookie, readAt)
      this.#strays.left(node, record)
    } else this.#touch(node, name, mask, readAt)
    return true
  }

  /** While a repair is under way, not all that is there has been told. */
  #isStray(node: WatchNode, name: string): boolean {
    return this.isReady && !this.#repair.isRunning && this.#strays.isStray(node, name)
  }

  /** False when more records are needed to know what it is about. */
  #placeStray(node: WatchNode, record: InotifyRecord, readAt: number): boolean {
    const place = this.#strays.place(node, record)
    if (place === 'unread') return false
    if (typeof place !== 'string') this.#touch(place.node, place.name, record.mask, readAt)
    return true
  }

  /** fsflow does not report that it reads directories itself. */
  #isOwnListing(node: WatchNode, mask: number): boolean {
    const isUnderWay = (mask & OWN_LISTING) !== 0 && this.#crawler.fence > this.#lastFence
    return isUnderWay && this.#crawler.hasVisited(node)
  }

  #touch(node: WatchNode, name: string, mask: number, readAt: number): void {
    if ((mask & IN.ISDIR) !== 0) {
      const child = this.table.child(node, name)
      if (child !== undefined) {
        if (this.#isOwnListing(child, mask)) return
        if ((mask & IN.ATTRIB) !== 0) this.#selves.requestUnwatched(child)
      }
    }
    this.#entries.touch(node, name, mask, readAt)
  }

  #overflowed(readAt: number): void {
    this.#moves.reset()
    this.#strays.reset()
    this.#roots.reset()
    if (this.isReady) this.#listener.overflow(readAt)
    const wds = this.#repair.begin(this.#reads.lossStart, this.isReady)
    for (const wd of wds) this.#port.removeWatch(wd)
    for (const root of this.table.roots) this.#crawler.request(root)
  }
}
