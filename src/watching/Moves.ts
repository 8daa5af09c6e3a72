import { IN } from '../linux/inotifyMasks.js'
import type { InotifyRecord, KernelPort } from './port.js'
import { PAIR_REACH, type RecordQueue } from './RecordQueue.js'
import type { Strays } from './Strays.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** What a rename does to the rest of the watcher. */
export interface MoveHost {
  /** An entry has gone from a directory. */
  leave(node: WatchNode, name: string, mask: number, cookie: number, readAt: number): void
  /** An entry has come into a directory. */
  arrive(node: WatchNode, record: InotifyRecord, readAt: number): void
  /** A watched directory has moved within the tree. */
  moved(node: WatchNode, record: InotifyRecord, readAt: number): void
  /** Lets go of a directory and all below it. */
  release(node: WatchNode): void
  /** Tells that what was in a directory is gone, and lets go of all below it. */
  empty(node: WatchNode): void
  /** True when a directory of that name is not to be watched there. */
  isPruned(parent: WatchNode, name: string): boolean
}

/** An arrival by rename that was applied, as long as nothing else was. */
interface Arrival {
  /** `undefined` when it came from outside the tree. */
  readonly from: WatchNode | undefined
  readonly fromName: string
  readonly to: WatchNode
  readonly toName: string
}

/**
 * Applies renames: brings both halves together, and moves directories in the table.
 *
 * The kernel queues MOVED_FROM, MOVED_TO and MOVE_SELF within one system call, and only another processor can
 * put a record between them. MOVE_SELF comes on the watch of the very directory that moved, so it says which
 * one it was (after an exchange the name alone does not), and that no MOVED_TO will follow.
 */
export class Moves {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #queue: RecordQueue
  readonly #host: MoveHost
  readonly #strays: Pick<Strays, 'came' | 'left'>
  /** Directories whose name was taken by a rename: the next records tell if they were replaced or exchanged. */
  #displaced: WatchNode[] = []
  #fence = 0
  #expired = false
  #last: Arrival | undefined
  #interruptions = 0

  constructor(
    port: KernelPort,
    table: WatchTable,
    queue: RecordQueue,
    host: MoveHost,
    strays: Pick<Strays, 'came' | 'left'>,
  ) {
    this.#port = port
    this.#table = table
    this.#queue = queue
    this.#host = host
    this.#strays = strays
  }

  get displaced(): readonly WatchNode[] {
    return this.#displaced
  }

  isDisplaced(node: WatchNode): boolean {
    return this.#displaced.length > 0 && this.#displaced.includes(node)
  }

  /** A fence was reached in the queue: the next wait needs a new one. */
  fencePassed(fence: number): void {
    if (fence >= this.#fence) this.#fence = 0
  }

  /** The next rename that waits goes on without the rest of its records. */
  expire(): void {
    this.#expired = true
  }

  /** An overflow has swallowed what would tell: lets go of all that waits for it. */
  reset(): void {
    for (const node of this.#displaced) this.#host.release(node)
    this.#displaced = []
    this.#last = undefined
    this.#fence = 0
  }

  /** Some other record was applied: what comes next is not the second half of an exchange. */
  interrupt(): void {
    this.#last = undefined
    if (this.#displaced.length === 0 || ++this.#interruptions < PAIR_REACH) return
    // Those that are watched wait for IGNORED; the others have no record that would say that they are gone.
    this.#displaced = this.#displaced.filter((node) => node.wd !== 0)
    this.#interruptions = 0
  }

  /** Something came in from outside the tree. */
  arrived(to: WatchNode, toName: string): void {
    this.#last = { from: undefined, fromName: '', to, toName }
  }

  /** The name of a directory was taken by something that moved there. */
  displace(node: WatchNode): void {
    // Only an empty directory can be replaced: this one is being exchanged, and comes back under another name.
    this.#host.empty(node)
    if (node.wd === 0 || node.isLink) this.#host.release(node)
    else this.#table.unlink(node)
    if (!node.isLink) this.#displaced.push(node)
    this.#interruptions = 0
  }

  /**
   * The kernel has dropped the node's watch, or it has been renamed with no word where to, or something else is
   * found at its path: if it was displaced, it was replaced, and is let go. True then.
   */
  ended(node: WatchNode): boolean {
    if (!this.isDisplaced(node)) return false
    this.#forget(node)
    this.#host.release(node)
    return true
  }

  /** Applies the MOVED_FROM at the head of the queue; false when more records are needed to understand it. */
  apply(node: WatchNode, record: InotifyRecord, readAt: number): boolean {
    const isDirectory = (record.mask & IN.ISDIR) !== 0
    const candidates = isDirectory ? this.#candidates(node, record.name) : []
    const wds = candidates.filter((candidate) => candidate.wd !== 0).map((candidate) => candidate.wd)
    const { to, self, complete } = this.#queue.lookAhead(record, wds)
    // A watched directory says itself when its rename is over. For others, and for files, the second half is
    // enough; and when that is not there, a fence shows that it will not come.
    const isCertain =
      wds.length > 0 && wds.length === candidates.length && !this.#isLastArrival(node, record.name)
    if (!complete && !this.#expired && (isCertain || !this.isPast())) return false
    this.#expired = false
    const moved = this.#choose(candidates, self < 0 ? 0 : this.#queue.at(self)!.wd, node, record.name)
    if (self >= 0) this.#queue.consume(self)

    const second = to < 0 ? undefined : this.#queue.at(to)
    const target = second === undefined ? undefined : this.#target(second)
    if (second !== undefined) this.#queue.consume(to)
    if (this.#isExchange(node, record, moved, self >= 0, target, second?.name)) {
      // The name stands for what the first rename brought there. The other one is told as if it came from
      // outside, with its content: no sequence of renames says it truly.
      if (moved !== undefined && this.#displaced.includes(moved)) {
        this.#forget(moved)
        this.#host.release(moved)
      }
      if (second !== undefined && target !== undefined) this.#host.arrive(target, second, readAt)
      this.#last = undefined
      return true
    }
    if (moved !== undefined && second !== undefined && target !== undefined) {
      // A directory cannot move into itself: the table is behind what was renamed unseen.
      if (target.isWithin(moved) || this.#host.isPruned(target, second.name)) this.#host.release(moved)
      else if (this.#replacesAbove(moved, target, second.name)) {
        this.#host.empty(moved)
        this.#host.release(moved)
      } else this.#moveNode(moved, target, second.name)
    } else if (moved !== undefined) this.#host.release(moved)

    this.#host.leave(node, record.name, record.mask, record.cookie, readAt)
    if (target !== undefined && second !== undefined) this.#strays.came(target, second.name)
    this.#strays.left(node, record, target, second?.name)
    if (second === undefined || target?.alive !== true) return true
    if (moved?.alive === true) this.#host.moved(target, second, readAt)
    else this.#host.arrive(target, second, readAt)
    this.#last = { from: node, fromName: record.name, to: target, toName: second.name }
    return true
  }

  /** The watched directory that a MOVED_TO tells of, unless the name is of no interest there. */
  #target(second: InotifyRecord): WatchNode | undefined {
    const target = this.#table.byWd(second.wd)
    // One that has lost its name itself: what comes into it is told when it gets one.
    if (target !== undefined && this.#displaced.includes(target)) return undefined
    const only = target?.root?.only
    return only !== undefined && !only.has(second.name) ? undefined : target
  }

  /** True once all has been read that belongs to the head of the queue: a fence behind it has arrived. */
  isPast(): boolean {
    if (this.#fence === 0) this.#fence = this.#port.fence()
    return this.#queue.findFence(this.#fence) >= 0
  }

  /** Which of several directories has moved: the watched one that says so, else one that is not watched. */
  #choose(
    candidates: readonly WatchNode[],
    wd: number,
    node: WatchNode,
    name: string,
  ): WatchNode | undefined {
    const certain = candidates.find((candidate) => candidate.wd !== 0 && candidate.wd === wd)
    if (certain !== undefined) return certain
    const silent = candidates.filter((candidate) => candidate.wd === 0)
    if (silent.length > 1 && this.#isLastArrival(node, name) && this.#isStillThere(node, name)) {
      return silent.find((candidate) => this.#displaced.includes(candidate))!
    }
    return silent[0] ?? candidates[0]
  }

  #isStillThere(node: WatchNode, name: string): boolean {
    return typeof this.#port.identify(this.#table.entryPath(node, name)) !== 'number'
  }

  #isLastArrival(node: WatchNode, name: string): boolean {
    return this.#last !== undefined && this.#last.to === node && this.#last.toName === name
  }

  /** The directories that may be meant by a name: the one in the table, and those displaced from there. */
  #candidates(node: WatchNode, name: string): WatchNode[] {
    const displaced = this.#displaced.filter(
      (candidate) => candidate.parent === node && candidate.name === name,
    )
    const child = this.#table.child(node, name)
    return child === undefined ? displaced : [child, ...displaced]
  }

  /**
   * True for the second half of RENAME_EXCHANGE: two renames, each the reverse of the other, and both names
   * are alive. A rename there and back has the same records: of watched directories MOVE_SELF tells which one
   * it was, of other entries only their kind, or whether the name is still there.
   */
  #isExchange(
    node: WatchNode,
    { name, mask }: InotifyRecord,
    moved: WatchNode | undefined,
    hasSaidSo: boolean,
    target: WatchNode | undefined,
    targetName: string | undefined,
  ): boolean {
    if (moved !== undefined && this.#displaced.includes(moved)) return true
    // The one that has just arrived would say so if it had moved on.
    if (moved !== undefined && moved.wd !== 0) return !hasSaidSo && this.#isLastArrival(node, name)
    const told = node.entries?.isDirectory(name)
    if (told !== undefined && told !== ((mask & IN.ISDIR) !== 0)) return true
    if (!this.#isLastArrival(node, name)) return false
    // The other name may lie outside the tree. (The kernel merges two arrivals in a row under one name.)
    const reverse = this.#last!.from === target && this.#last!.fromName === targetName
    return (target === undefined || reverse) && this.#isStillThere(node, name)
  }

  /** Nor can it replace a directory that it is in: the same. It is told as if it came from outside. */
  #replacesAbove(moved: WatchNode, target: WatchNode, name: string): boolean {
    const existing = this.#table.child(target, name)
    return existing !== undefined && existing !== moved && moved.isWithin(existing)
  }

  #moveNode(moved: WatchNode, target: WatchNode, name: string): void {
    this.#forget(moved)
    const existing = this.#table.child(target, name)
    if (existing !== undefined && existing !== moved) this.displace(existing)
    this.#table.move(moved, target, name)
  }

  #forget(node: WatchNode): void {
    this.#displaced = this.#displaced.filter((candidate) => candidate !== node)
  }
}
