import { ELOOP, ENOENT, ENOTDIR } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import { detached } from '../linux/rawPath.js'
import { ChangeTimes } from './ChangeTimes.js'
import type { EntryType, KernelPort } from './port.js'
import type { RecordQueue } from './RecordQueue.js'
import { ToldEntries } from './ToldEntries.js'
import { keepTold, type Visit } from './Visit.js'
import { Visitor, type VisitorHost } from './Visitor.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** A directory that could not be watched or listed. */
export interface WatchProblem {
  readonly node: WatchNode
  readonly errno: number
}

export interface CrawlerListener extends VisitorHost {
  /** How many directories are visited before their fence is awaited. */
  round(): number
  /** Keep what was found in `WatchNode.entries`. */
  readonly remember: boolean
  /** A directory was watched and listed; `reason` is why it is to be compared from time to time. */
  visited(node: WatchNode, reason: 'unwatched' | 'blind' | undefined): void
  /** A root has been entered; its entries follow. */
  entered(node: WatchNode): void
  /** An entry was there when the directory's watch was added. */
  found(node: WatchNode, name: string, type: EntryType, ino: number): void
  /** The same, of a directory of which it was not kept what was told: it has been told. */
  known(node: WatchNode, name: string, type: EntryType, ino: number): void
  /** All entries of the directory have been told. */
  listed(node: WatchNode): void
  problem(problem: WatchProblem): void
  alias(node: WatchNode, other: WatchNode): void
  /** The directory's path leads where it did. */
  same(node: WatchNode): void
  /** The directory is not there any more, and no record will say so. */
  drop(node: WatchNode): void
  /** Its path leads to another directory by now, or nowhere, and no record has said so. */
  replaced(node: WatchNode): void
}

// What is asked for, as bits: a visit if the directory is not watched; if it is, a whole one, or one to its path alone.
const UNWATCHED = 1
const RECHECK = 2
const PROBE = 4

// Of files that are compared, so that the main thread is not held up by a slow filesystem.
const FILES_A_ROUND = 500

/**
 * Adds watches and lists directories, without a race.
 *
 * A path is looked up now, but the table is as old as the last record that was applied: a rename that is
 * still in the queue can make the path lead to another directory. So visits are optimistic. Each is watched
 * first and listed second; a fence is queued behind them; and when it arrives, the records before it tell
 * everything that happened meanwhile. If one of them put the directory's place in doubt, the visit is undone
 * and made anew. If not, the listing and the records together give exactly what was there when the watch was
 * added, and the records go on from there: nothing is missed, nothing told twice.
 */
export class Crawler {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #visitor: Visitor
  readonly #listener: CrawlerListener
  /** What is asked for, in the order in which it was. */
  readonly #requests = new Map<WatchNode, number>()
  /** Those that seem to be directories that have lost their place. */
  readonly #retries = new WeakSet<WatchNode>()
  #visits: Visit[] = []
  #isOpen = false
  #isDemanded = false
  #fence = 0
  #round = 0
  /** What was visited in the last round; and the same, once it is asked for. */
  #visited: readonly WatchNode[] = []
  #visitedSet: ReadonlySet<WatchNode> | undefined
  /** The directories whose place is in doubt by the records of the last round. */
  readonly #doubted = new Set<WatchNode>()

  constructor(port: KernelPort, table: WatchTable, mask: number, listener: CrawlerListener) {
    this.#port = port
    this.#table = table
    this.#visitor = new Visitor(port, table, mask, listener)
    this.#listener = listener
  }

  /** True while visits wait for their fence. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The number of the last round that was opened. */
  get round(): number {
    return this.#round
  }

  get fence(): number {
    return this.#fence
  }

  /** True for a directory that was visited in the last round. */
  hasVisited(node: WatchNode): boolean {
    this.#visitedSet ??= new Set(this.#visited)
    return this.#visitedSet.has(node)
  }

  /** Asks for a visit in one of the next rounds, unless the directory is watched by then. */
  request(node: WatchNode): void {
    this.#ask(node, UNWATCHED)
  }

  /** Asks for a visit also if the directory is watched: its path may lead elsewhere, or it may have changed unseen. */
  recheck(node: WatchNode): void {
    this.#ask(node, UNWATCHED | RECHECK)
  }

  /** Asks for a visit also if the directory is watched, to see if its path leads elsewhere. */
  probe(node: WatchNode): void {
    this.#ask(node, UNWATCHED | PROBE)
  }

  /** The same, unless the directory has lost its watch by then. */
  confirm(node: WatchNode): void {
    this.#ask(node, PROBE)
  }

  #ask(node: WatchNode, wanted: number): void {
    this.#requests.set(node, (this.#requests.get(node) ?? 0) | wanted)
  }

  /** Watches are added with this mask from now on. */
  widen(mask: number): void {
    this.#visitor.mask = mask
  }

  /** Adds the watch of a directory again, if it is watched: for another mask. */
  rewatch(node: WatchNode): void {
    if (!node.alive || node.wd === 0) return
    const wd = this.#visitor.watch(node)
    if (wd === node.wd) return
    // Its path leads elsewhere by now: a visit finds out where it is.
    if (wd > 0 && this.#table.byWd(wd) === undefined) this.#port.removeWatch(wd)
    this.probe(node)
  }

  /** Asks for one more round, and returns its number: when that is over, all has been applied that happened by now. */
  demandRound(): number {
    this.#isDemanded = true
    return this.#round + 1
  }

  /** Visits the next directories and queues the fence. False when there is none to visit. */
  open(): boolean {
    let files = 0
    for (const [node, wanted] of this.#requests) {
      this.#requests.delete(node)
      if (!node.alive || (wanted & (node.wd === 0 ? UNWATCHED : RECHECK | PROBE)) === 0) continue
      const visit = this.#visitor.visit(node, (wanted & RECHECK) === 0)
      this.#visits.push(visit)
      if (visit.reason !== undefined) files += visit.entries.length
      if (this.#visits.length >= this.#listener.round() || files >= FILES_A_ROUND) break
    }
    if (this.#visits.length === 0 && !this.#isDemanded) return false
    this.#isOpen = true
    this.#isDemanded = false
    this.#round++
    this.#fence = this.#port.fence()
    this.#visited = this.#visits.map(({ node }) => node)
    this.#visitedSet = undefined
    return true
  }

  /**
   * Decides the open visits by the records up to `end`, and tells what was found. `displaced` are directories
   * that wait for their new place; `lost` says that an overflow swallowed records, so that nothing is certain.
   */
  settle(queue: RecordQueue, end: number, displaced: readonly WatchNode[], lost: boolean): void {
    const visits = this.#visits
    this.#visits = []
    this.#isOpen = false
    const ended = this.#study(queue, end, visits, displaced)
    // Those first that lose their watch: others may be the directories that it is of.
    const isLoss = ({ outcome }: Visit): boolean => outcome === 'replaced'
    for (const visit of [...visits.filter(isLoss), ...visits.filter((one) => !isLoss(one))]) {
      const { node, outcome } = visit
      if (outcome === 'replaced') this.#letGo(visit)
      // What was told of others a moment ago may have been its end.
      if (!node.alive) continue
      if (lost || this.#inDoubt(node) || (outcome === 'replaced' && ended.has(node))) this.#undo(visit)
      else if (outcome === 'replaced') this.#listener.replaced(node)
      else if (outcome === 'alias') this.#sameDirectory(visit, visit.owner!, displaced)
      else if (outcome === 'failed') this.#failed(visit)
      else if (outcome === 'listed') this.#tell(visit)
      else this.#listener.same(node)
    }
  }

  /** Notes what the records up to `end` say of the visits; returns the directories whose watches they end. */
  #study(
    queue: RecordQueue,
    end: number,
    visits: readonly Visit[],
    displaced: readonly WatchNode[],
  ): ReadonlySet<WatchNode> {
    const ended = new Set<WatchNode>()
    this.#doubted.clear()
    if (queue.head === end) return ended
    const byWd = new Map<number, Visit>()
    for (const visit of visits) if (visit.outcome === 'listed' && visit.wd !== 0) byWd.set(visit.wd, visit)
    const moves = IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO
    for (let i = queue.head; i < end; i++) {
      const record = queue.at(i)
      if (record === undefined) continue
      const { mask, name } = record
      const owner = this.#table.byWd(record.wd)
      if (owner === undefined) continue
      if ((mask & (IN.UNMOUNT | IN.MOVE_SELF)) !== 0) this.#doubted.add(owner)
      if ((mask & (IN.DELETE_SELF | IN.IGNORED)) !== 0) ended.add(owner)
      if (name === '') continue
      if ((mask & IN.ISDIR) !== 0 && (mask & moves) !== 0) {
        const child = this.#table.child(owner, name)
        if (child !== undefined) this.#doubted.add(child)
        for (const node of displaced) {
          if (node.parent === owner && node.name === name) this.#doubted.add(node)
        }
      }
      const visit = byWd.get(record.wd)
      if (visit?.node.root?.only?.has(name) === false) continue
      if (visit === undefined) continue
      visit.first ??= new Map()
      if (!visit.first.has(name)) visit.first.set(name, mask)
    }
    return ended
  }

  #inDoubt(node: WatchNode): boolean {
    if (this.#doubted.size === 0) return false
    for (let up: WatchNode | undefined = node; up !== undefined; up = up.parent) {
      if (this.#doubted.has(up)) return true
    }
    return false
  }

  #undo(visit: Visit): void {
    const { node, outcome, owner } = visit
    if (outcome !== 'replaced' && owner === undefined && node.wd !== 0) this.#drop(node)
    this.recheck(node)
  }

  #sameDirectory(visit: Visit, owner: WatchNode, displaced: readonly WatchNode[]): void {
    // The records still to be applied may take the watch from its owner: then the next visit finds it free.
    const { node, wd } = visit
    const isOwner = owner.alive && owner.wd === wd
    if (isOwner && !displaced.includes(owner) && !this.#inDoubt(owner)) {
      this.#listener.alias(node, owner)
      return
    }
    this.request(node)
    if (!isOwner || !displaced.includes(owner)) return
    // When all that happened before the visit has been applied, and no record has told its new place: this is it.
    if (this.#retries.delete(node)) this.#listener.replaced(owner)
    else this.#retries.add(node)
  }

  #failed(visit: Visit): void {
    const { node, errno } = visit
    if (node.wd !== 0) this.#drop(node)
    const gone = errno === ENOENT || errno === ENOTDIR || errno === ELOOP
    if (gone && node.parent !== undefined) this.#listener.drop(node)
    else this.#listener.problem({ node, errno })
  }

  #tell(visit: Visit): void {
    const { node, first, reason } = visit
    // Told before, and then polled or lost sight of: now it is compared.
    if (node.entries !== undefined && node.former === undefined) node.former = node.shadow()
    const isPart = node.root?.only !== undefined
    if (this.#listener.remember || isPart || reason !== undefined) node.entries = ToldEntries.none
    node.self = visit.self
    node.blind = visit.blind
    node.moment = visit.moment
    node.changeTimes = reason === undefined ? undefined : new ChangeTimes()
    // What has records since is told by them: until then all is as it was told.
    const isAgain = visit.owner === node
    if (isAgain && first !== undefined) keepTold(node, first.keys())
    this.#listener.visited(node, reason)
    if (node.root !== undefined) this.#listener.entered(node)
    const isKnown = isAgain && node.former === undefined
    for (const entry of visit.entries) {
      const mask = first?.get(entry.name)
      if (isKnown) this.#listener.known(node, entry.name, entry.type, entry.ino)
      else if (mask === undefined) this.#listener.found(node, entry.name, entry.type, entry.ino)
      else if (!isAgain) this.#tellFirst(node, entry.name, mask, entry.type)
      first?.delete(entry.name)
    }
    if (!isAgain && first !== undefined)
      for (const [name, mask] of first) this.#tellFirst(node, name, mask, 'other')
    this.#listener.listed(node)
  }

  /** A name with records since the watch was added: it was there before, unless the first tells its birth. */
  #tellFirst(node: WatchNode, name: string, mask: number, type: EntryType): void {
    if ((mask & (IN.CREATE | IN.MOVED_TO)) !== 0) return
    const isDirectory = (mask & IN.ISDIR) !== 0
    // It may have been replaced since: the number in the listing is not that of what was there.
    if (isDirectory) this.#listener.found(node, detached(name), 'directory', 0)
    else this.#listener.found(node, detached(name), type === 'directory' ? 'other' : type, 0)
  }

  #drop(node: WatchNode): void {
    const { wd } = node
    this.#table.clearWatch(node)
    this.#port.removeWatch(wd)
  }

  /** Of a directory that has taken the place of one that is watched: it is watched when that one is let go. */
  #letGo({ wd }: Visit): void {
    if (wd !== 0 && this.#table.byWd(wd) === undefined) this.#port.removeWatch(wd)
  }
}
