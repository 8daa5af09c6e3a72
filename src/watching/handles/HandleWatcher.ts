import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { DirectoryMarks, HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import type { WatchRoot } from '../WatchNode.js'
import type { Arrival } from './Arrival.js'
import { HandleChanges } from './HandleChanges.js'
import { HandleFindings } from './HandleFindings.js'
import type { HandleWatcherListener, RootFinder } from './HandleListener.js'
import type { HandleNode } from './HandleNode.js'
import { HandleQueue } from './HandleQueue.js'
import { HandleRoots } from './HandleRoots.js'
import { HandleTable, type Prune } from './HandleTable.js'
import { HandleTeller } from './HandleTeller.js'
import { Marking } from './Marking.js'
import type { NewName } from './HeldEnds.js'
import { Holds, type Looking } from './Holds.js'
import { Rechecks } from './Rechecks.js'
import { RenamePairs } from './RenamePairs.js'
import { Suspects } from './Suspects.js'

const MANY_SUSPECTS = 10_000

export interface HandleWatcherOptions {
  readonly disk: HandleDisk
  readonly marks: DirectoryMarks
  readonly finder: RootFinder
  /** Queues a fence record behind all that is queued, and returns its number. */
  fence(): number
  readonly prune: Prune
  /** After how many records for nothing the kernel is told to leave out a directory. Default 32. */
  readonly noisy?: number
}

// A mark costs some microseconds and some memory of the kernel, as a dozen records do.
const NOISY = 32

/**
 * Turns the records of a fanotify group into events with a place in a forest of directories.
 *
 * Records are applied in kernel order, and directories are known by their handles. What is not known is looked up
 * when a record needs it, never in advance: see Placement, and Arrival for what comes in from outside. Either
 * waits for a fence, so that it is true as of the record at hand. It has no clock and does no I/O but through
 * its ports.
 */
export class HandleWatcher {
  readonly table: HandleTable
  readonly #disk: HandleDisk
  readonly #options: HandleWatcherOptions
  readonly #listener: HandleWatcherListener
  readonly #queue = new HandleQueue()
  readonly #teller: HandleTeller
  readonly #roots: HandleRoots
  readonly #suspects: Suspects
  readonly #marking: Marking
  readonly #findings: HandleFindings
  readonly #changes: HandleChanges
  readonly #rechecks: Rechecks
  readonly #pairs: RenamePairs
  readonly #holds: Holds
  /** A rename of which all that belongs to it has been read. */
  #decided: HandleRecord | undefined
  /** A rename of which what it replaces was listed. */
  #prepared: HandleRecord | undefined
  #posted = 0
  #stopFence = 0
  /** The one behind which all is read that was in what is held back. */
  #flushFence = 0
  #isRemounted = false
  #stopping = false
  #running = false
  #ended = false
  #time = 0

  constructor(listener: HandleWatcherListener, options: HandleWatcherOptions) {
    this.#listener = listener
    this.#options = options
    this.#disk = options.disk
    this.table = new HandleTable(options.prune)
    this.#teller = new HandleTeller(this.table, (event) => listener.event(event))
    this.#marking = new Marking(options.marks, options.noisy ?? NOISY)
    this.#roots = new HandleRoots(this.table, this.#teller, options.finder, this.#marking)
    this.#suspects = new Suspects(options.disk)
    this.#pairs = new RenamePairs(this.#queue)
    const looking = {
      disk: this.#disk,
      table: this.table,
      roots: this.#roots,
      marking: this.#marking,
      suspects: this.#suspects,
      doubt: (...told: Parameters<Looking['doubt']>) => this.#changes.doubt(...told),
      mayReplace: (renames: readonly HandleRecord[]) => this.#changes.mayReplace(renames),
      recheck: (node: HandleNode) => this.#rechecks.add(node),
    }
    this.#holds = new Holds(this.#queue, looking, () => this.#post())
    const host = {
      posted: () => this.#posted,
      enter: (nodes: readonly HandleNode[], ready: (arrivals: readonly Arrival[]) => void) =>
        this.#holds.enter(nodes, ready),
      seek: (keys: readonly string[], then: () => void) => this.#holds.place(keys, then),
      flushName: (name: NewName) => this.#changes.held.flushName(name),
      hideBelow: (top: HandleNode) => this.#changes.held.hideBelow(top),
      nextOf: (directory: string, name: string) => this.#queue.nextOf(directory, name),
      recheck: (node: HandleNode) => this.#rechecks.add(node),
      marking: this.#marking,
    }
    const parts = [this.table, this.#teller, this.#roots, this.#suspects] as const
    this.#findings = new HandleFindings(...parts, host)
    this.#changes = new HandleChanges(...parts, options.disk, host, this.#findings)
    this.#rechecks = new Rechecks(options.disk, this.table, this.#marking, this.#suspects, this.#findings)
  }

  get isReady(): boolean {
    return this.#teller.isReady
  }

  /** When the record was read that is being applied, or was last. */
  get time(): number {
    return this.#time
  }

  /** Roots that are watched. */
  get rootCount(): number {
    return this.#roots.nodes.length
  }

  /** Roots that are awaited. */
  get lostRoots(): number {
    return this.#roots.lost
  }

  /** Finds the roots. `ready` is told when they are known. */
  start(roots: readonly WatchRoot[], startedAt: number): void {
    this.#time = startedAt
    for (const root of roots) this.#roots.start(root)
    const { nodes } = this.#roots
    this.#holds.place([...nodes.map(({ key }) => key), ...this.#roots.takeMountParents()], () => {
      const tops = this.#roots.tops.filter(({ key }) => this.#marking.isByDirectory(key))
      // Before the start is over, nothing of it is told.
      if (tops.length > 0) this.#holds.enter(tops, () => undefined)
    })
  }

  /** Takes records, in the order in which the kernel gave them. */
  push(records: HandleRecord[], readAt: number): void {
    this.#queue.push(records, readAt)
    this.#run()
  }

  /** True for a record, not pushed yet, of which something may be told. */
  concerns({ mask, directory, oldDirectory }: HandleRecord): boolean {
    if (this.#holds.isHeld || !this.#queue.isEmpty || this.#mayBeSeen(directory)) return true
    return (mask & FAN.RENAME) !== 0 && this.#mayBeSeen(oldDirectory)
  }

  #mayBeSeen(key: string): boolean {
    if (key === '') return false
    const node = this.table.get(key)
    return node === undefined || this.table.view(node) !== undefined
  }

  /** Looks whether the roots that are awaited are there. */
  lookForRoots(now: number): void {
    if (this.#holds.isHeld || !this.isReady) return
    this.#time = now
    this.#findings.enter(this.#roots.look())
    this.#run()
  }

  /** Something was mounted or unmounted: it is looked at when all is applied. */
  remounted(now: number): void {
    this.#time = now
    this.#isRemounted = true
    if (!this.#holds.isHeld) this.#run()
  }

  /** Tells all that has happened until now, then `stopped`. */
  stop(): void {
    if (this.#stopFence === 0) this.#stopFence = this.#post()
  }

  /** Does nothing any more, whatever it is asked. */
  end(): void {
    this.#ended = true
    this.#disk.release()
  }

  #run(): void {
    if (this.#running || this.#ended) return
    this.#running = true
    try {
      while (this.#step());
    } finally {
      this.#running = false
    }
  }

  /** One record, or the end of a hold. False when more records are needed. */
  #step(): boolean {
    if (this.#ended) return false
    if (this.#holds.isHeld) return this.#holds.settle()
    const { head } = this.#queue
    const record = this.#queue.at(head)
    if (record === undefined) return this.#rest()
    this.#time = this.#queue.timeAt(head)
    if (record.fence > 0) this.#fencePassed(record.fence)
    else if ((record.mask & FAN.Q_OVERFLOW) !== 0) this.#listener.overflow()
    else if (!this.#isPlaced(record) || !this.#isDecided(record)) return true
    else {
      const partner = this.#pairs.partner(record)
      this.#queue.advance()
      this.#changes.apply(record, partner)
      if (this.#suspects.size > MANY_SUSPECTS) this.#check()
      return true
    }
    this.#queue.advance()
    return true
  }

  #fencePassed(fence: number): void {
    this.table.fencePassed(fence)
    this.#changes.fencePassed(fence)
    if (fence >= this.#flushFence) this.#flushFence = 0
    if (this.#suspects.fence !== 0 && fence >= this.#suspects.fence) {
      this.#findings.correct(this.#suspects.settle())
    }
    if (this.#stopFence !== 0 && fence >= this.#stopFence) this.#stopping = true
  }

  /** All that was read has been applied. */
  #rest(): boolean {
    if (this.#isInDoubt(true)) return true
    if (!this.isReady) {
      this.#teller.isReady = true
      this.#listener.ready()
    }
    if (this.#isRemounted) {
      this.#isRemounted = false
      this.#findings.remounted()
      return !this.#holds.isHeld
    }
    this.#rechecks.look()
    if (this.#suspects.size > 0 || this.table.deaths > MANY_SUSPECTS) this.#check()
    else if (this.#stopping) {
      this.#changes.held.flush()
      this.#ended = true
      this.#listener.stopped()
    }
    if (!this.#changes.held.isEmpty && this.#flushFence === 0) this.#flushFence = this.#post()
    this.table.sweep()
    this.#disk.release()
    return false
  }

  #check(): void {
    if (this.#suspects.fence === 0) this.#suspects.look(() => this.#post())
  }

  /** True when the directories that a record is about are known; else they are looked up first. */
  #isPlaced(record: HandleRecord): boolean {
    if (this.#isInDoubt()) return false
    if (this.#isKnown(record.directory) && this.#isKnown(record.oldDirectory)) return true
    // Others that are needed soon are looked up along with it, but not those whose birth will be told.
    const born = new Set<string>()
    const unknown: string[] = []
    for (let i = this.#queue.head; i < this.#queue.end; i++) {
      const { mask, directory, oldDirectory, target } = this.#queue.at(i)!
      if (!this.#isKnown(directory) && !born.has(directory)) unknown.push(directory)
      if (!this.#isKnown(oldDirectory) && !born.has(oldDirectory)) unknown.push(oldDirectory)
      if ((mask & FAN.CREATE) !== 0 && (mask & FAN.ONDIR) !== 0) born.add(target)
    }
    this.#holds.place(unknown)
    return false
  }

  /** True when directories have to be looked up first, for a rename of them may not have been told. */
  #isInDoubt(isAtRest = false): boolean {
    const doubtful = this.#changes.takeDoubtful(isAtRest)
    if (doubtful.length === 0) return false
    const before = doubtful.map((key) => this.#findings.place(key))
    this.#holds.doubt(doubtful, (later) => {
      this.#changes.doubts.addLater(later)
      before.forEach((place) => this.#findings.placeFound(place))
    })
    return true
  }

  #isKnown(key: string): boolean {
    return key === '' || this.table.get(key) !== undefined
  }

  /** True when all has been read that belongs to a rename, and all is known that is needed to tell it. */
  #isDecided(record: HandleRecord): boolean {
    if (this.#prepared === record || !RenamePairs.mayBePaired(record)) return true
    if (this.#decided !== record && this.#pairs.mayComeYet(record)) {
      // Whoever renames holds the directory until the second half is queued: looking waits for that.
      this.#disk.lookUp(record.directory, record.name)
      this.#holds.until(() => (this.#decided = record))
      return false
    }
    this.#prepared = record
    if (this.#pairs.putFirst(record)) return false
    const partner = this.#pairs.partner(record)
    return this.#changes.prepare(record, partner)
  }

  #post(): number {
    this.#posted = this.#options.fence()
    return this.#posted
  }
}
