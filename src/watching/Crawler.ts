import { ELOOP, ENOENT, ENOSPC, ENOTDIR } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import type { DirectoryEntry, DirectoryListing, EntryType, Inode, KernelPort } from './port.js'
import type { RecordQueue } from './RecordQueue.js'
import { ToldEntries } from './ToldEntries.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** A directory that could not be watched or listed. */
export interface WatchProblem {
  readonly node: WatchNode
  readonly errno: number
}

export interface CrawlerListener {
  /** How many directories are visited before their fence is awaited. */
  readonly round: number
  /** Keep what was found in `WatchNode.entries`. */
  readonly remember: boolean
  /** Directories beyond the watch limit are listed all the same, to be compared from time to time. */
  polls(): boolean
  /** Microseconds since the epoch: a time that has passed. */
  now(): number
  /** True when not all that changes in the directory gives records. */
  isBlind(node: WatchNode, path: string): boolean
  /** A directory was listed that is to be compared from time to time: not watched, or not all is seen. */
  polled(node: WatchNode): void
  /** A root has been entered; its entries follow. */
  entered(node: WatchNode): void
  /** An entry was there when the directory's watch was added. */
  found(node: WatchNode, name: string, type: EntryType, ino: number): void
  /** All entries of the directory have been told. */
  listed(node: WatchNode): void
  problem(problem: WatchProblem): void
  alias(node: WatchNode, other: WatchNode): void
  /** The directory is not there any more, and no record will say so. */
  drop(node: WatchNode): void
}

/** A directory that was watched and listed, and whose outcome waits for the fence. */
interface Visit {
  readonly node: WatchNode
  readonly wd: number
  readonly errno: number
  readonly entries: readonly DirectoryEntry[]
  readonly self: Inode | undefined
  readonly at: number
  /** It is beyond the watch limit, or its filesystem tells only a part. */
  readonly polled: boolean
  /** The node that had this watch before: the same directory under another path, or this very node. */
  readonly owner: WatchNode | undefined
  /** The first record of each name since the watch was added. */
  readonly first: Map<string, number>
}

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
  readonly #mask: number
  readonly #listener: CrawlerListener
  readonly #requests = new Set<WatchNode>()
  #visits: Visit[] = []
  #fence = 0
  #round = 0

  constructor(port: KernelPort, table: WatchTable, mask: number, listener: CrawlerListener) {
    this.#port = port
    this.#table = table
    this.#mask = mask
    this.#listener = listener
  }

  /** True while visits wait for their fence. */
  get isOpen(): boolean {
    return this.#visits.length > 0
  }

  get fence(): number {
    return this.#fence
  }

  /** Asks for a visit in one of the next rounds. */
  request(node: WatchNode): void {
    this.#requests.add(node)
  }

  /** Visits the next directories and queues the fence. False when there is none to visit. */
  open(): boolean {
    for (const node of this.#requests) {
      this.#requests.delete(node)
      if (!node.alive || (node.wd !== 0 && !node.isBlind)) continue
      this.#visits.push(this.#visit(node))
      if (this.#visits.length >= this.#listener.round) break
    }
    if (this.#visits.length === 0) return false
    this.#round++
    this.#fence = this.#port.fence()
    for (const { node } of this.#visits) node.visitFence = this.#fence
    return true
  }

  #visit(node: WatchNode): Visit {
    const path = this.#table.pathOf(node)
    // A root may be named by a symlink; below it, links are not followed unless it is asked for.
    const follows = node.parent === undefined || node.isLink
    node.isBlind = this.#listener.isBlind(node, path)
    const wd = this.#port.addWatch(path, follows ? this.#mask : this.#mask | IN.DONT_FOLLOW)
    const isBeyond = wd === -ENOSPC && this.#listener.polls()
    const polled = isBeyond || node.isBlind
    const owner = wd < 0 ? undefined : this.#table.byWd(wd)
    const visit: Visit = {
      node,
      wd: Math.max(wd, 0),
      errno: 0,
      entries: [],
      self: undefined,
      at: this.#listener.now(),
      polled,
      owner,
      first: new Map(),
    }
    // Visited again, and it has become another directory: where not all is seen, that shows only now.
    if (node.wd !== 0 && node.wd !== wd) this.#drop(node)
    if (wd < 0 && !isBeyond) return { ...visit, errno: -wd }
    if (owner !== undefined && owner !== node) return visit
    if (!isBeyond) this.#table.setWatch(node, wd)
    const listing = this.#list(node, follows ? `${path}/.` : path)
    return typeof listing === 'number' ? { ...visit, errno: -listing } : { ...visit, ...listing }
  }

  #list(node: WatchNode, path: string): (Partial<DirectoryListing> & Pick<Visit, 'entries'>) | number {
    if (node.root?.only !== undefined) return { entries: this.#look(path, node.root.only) }
    if (this.#listener.remember) return this.#port.listing(path)
    const entries = this.#port.list(path)
    return typeof entries === 'number' ? entries : { entries }
  }

  /** Of a directory that is watched for some files only, those that are there. */
  #look(path: string, only: ReadonlySet<string>): DirectoryEntry[] {
    const entries: DirectoryEntry[] = []
    for (const name of only) {
      const identity = this.#port.identify(`${path}/${name}`)
      if (typeof identity !== 'number') entries.push({ name, type: identity.type, ino: identity.ino })
    }
    return entries
  }

  /**
   * Decides the open visits by the records up to `end`, and tells what was found. `displaced` are directories
   * that wait for their new place; `lost` says that an overflow swallowed records, so that nothing is certain.
   */
  settle(queue: RecordQueue, end: number, displaced: readonly WatchNode[], lost: boolean): void {
    const visits = this.#visits
    this.#visits = []
    this.#study(queue, end, visits, displaced)
    for (const visit of visits) {
      const { node } = visit
      if (lost || this.#inDoubt(node)) this.#undo(visit)
      else if (!isOwn(visit)) this.#sameDirectory(visit, visit.owner!, displaced)
      else if (visit.errno !== 0) this.#failed(visit)
      else this.#tell(visit)
    }
  }

  #study(queue: RecordQueue, end: number, visits: readonly Visit[], displaced: readonly WatchNode[]): void {
    const byWd = new Map<number, Visit>()
    for (const visit of visits) if (isOwn(visit) && visit.wd !== 0) byWd.set(visit.wd, visit)
    const moves = IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO
    for (let i = queue.head; i < end; i++) {
      const record = queue.at(i)
      if (record === undefined) continue
      const { mask, name } = record
      const owner = this.#table.byWd(record.wd)
      if (owner === undefined) continue
      if ((mask & (IN.UNMOUNT | IN.MOVE_SELF)) !== 0) owner.doubtRound = this.#round
      if (name === '') continue
      if ((mask & IN.ISDIR) !== 0 && (mask & moves) !== 0) {
        const child = this.#table.child(owner, name)
        if (child !== undefined) child.doubtRound = this.#round
        for (const node of displaced) {
          if (node.parent === owner && node.name === name) node.doubtRound = this.#round
        }
      }
      const visit = byWd.get(record.wd)
      if (visit?.node.root?.only?.has(name) === false) continue
      if (visit !== undefined && !visit.first.has(name)) visit.first.set(name, mask)
    }
  }

  #inDoubt(node: WatchNode): boolean {
    for (let up: WatchNode | undefined = node; up !== undefined; up = up.parent) {
      if (up.doubtRound === this.#round) return true
    }
    return false
  }

  #undo(visit: Visit): void {
    if (visit.owner === undefined && visit.wd !== 0) this.#drop(visit.node)
    this.#requests.add(visit.node)
  }

  #sameDirectory(visit: Visit, owner: WatchNode, displaced: readonly WatchNode[]): void {
    // The records still to be applied may take the watch from its owner: then the next visit finds it free.
    if (!owner.alive || displaced.includes(owner) || this.#inDoubt(owner)) this.#requests.add(visit.node)
    else this.#listener.alias(visit.node, owner)
  }

  #failed(visit: Visit): void {
    const { node, errno } = visit
    if (visit.wd !== 0) this.#drop(node)
    const gone = errno === ENOENT || errno === ENOTDIR || errno === ELOOP
    if (gone && node.parent !== undefined) this.#listener.drop(node)
    else this.#listener.problem({ node, errno })
  }

  #tell(visit: Visit): void {
    const { node, first } = visit
    // Told before, and then polled or lost sight of: now it is compared.
    if (node.entries !== undefined && node.former === undefined) node.former = node.shadow()
    if (this.#listener.remember || visit.polled) node.entries = new ToldEntries()
    node.self = visit.self
    node.listedAt = visit.at
    node.changeTimes = visit.polled ? new Map() : undefined
    // What has records since is told by them: until then all is as it was told.
    if (visit.owner === node) keepTold(node, first)
    if (visit.polled) this.#listener.polled(node)
    if (node.root !== undefined) this.#listener.entered(node)
    for (const entry of visit.entries) {
      const mask = first.get(entry.name)
      if (mask === undefined) this.#listener.found(node, entry.name, entry.type, entry.ino)
      else if (visit.owner !== node) this.#tellFirst(node, entry.name, mask, entry.type)
      first.delete(entry.name)
    }
    if (visit.owner !== node) for (const [name, mask] of first) this.#tellFirst(node, name, mask, 'other')
    this.#listener.listed(node)
  }

  /** A name with records since the watch was added: it was there before, unless the first tells its birth. */
  #tellFirst(node: WatchNode, name: string, mask: number, type: EntryType): void {
    if ((mask & (IN.CREATE | IN.MOVED_TO)) !== 0) return
    const isDirectory = (mask & IN.ISDIR) !== 0
    // It may have been replaced since: the number in the listing is not that of what was there.
    if (isDirectory) this.#listener.found(node, name, 'directory', 0)
    else this.#listener.found(node, name, type === 'directory' ? 'other' : type, 0)
  }

  #drop(node: WatchNode): void {
    const { wd } = node
    this.#table.clearWatch(node)
    this.#port.removeWatch(wd)
  }
}

/** False when the directory is watched already, by another node. */
function isOwn({ owner, node }: Visit): boolean {
  return owner === undefined || owner === node
}

function keepTold(node: WatchNode, names: ReadonlyMap<string, number>): void {
  const former = node.former!
  for (const name of names.keys()) {
    const told = former.entries?.get(name)
    const changeTime = former.changeTimes?.get(name)
    if (told !== undefined) node.entries!.set(name, told)
    if (changeTime !== undefined) node.changeTimes!.set(name, changeTime)
  }
}
