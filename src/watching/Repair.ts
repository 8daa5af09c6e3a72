import { IN } from '../linux/inotifyMasks.js'
import type { KernelPort } from './port.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** How many differences a repair has told. */
export interface RepairCounts {
  created: number
  deleted: number
  modified: number
}

// A file's change time comes from the kernel's tick, some milliseconds coarse.
const CLOCK_TICK_MICROS = 20_000

/**
 * Brings the stream up to date after an overflow.
 *
 * Nothing that the table says can be trusted then: a lost rename may have put any directory elsewhere. So all
 * watches are dropped and the roots crawled anew, as at the start; what had been told stays beside each new
 * node as `former`, and each listing is compared with it. Another overflow meanwhile starts over, with what
 * has been told by then. A file whose change time lies after the earliest possible loss is told as modified.
 */
export class Repair {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #compare: boolean
  readonly #tell: (mask: number, node: WatchNode, name: string) => void
  #counts: RepairCounts | undefined
  #lossStart = 0

  constructor(
    port: KernelPort,
    table: WatchTable,
    compare: boolean,
    tell: (mask: number, node: WatchNode, name: string) => void,
  ) {
    this.#port = port
    this.#table = table
    this.#compare = compare
    this.#tell = tell
  }

  get isRunning(): boolean {
    return this.#counts !== undefined
  }

  /**
   * Puts a new, unwatched root in the place of each old one; returns the watches that are to be removed. When
   * nothing has been told yet (`told` is false) there is nothing to compare with.
   */
  begin(lossStart: number, told: boolean): number[] {
    // A repair that is under way has not looked at all files: its loss is not made good yet.
    if (this.#counts === undefined) this.#lossStart = lossStart
    this.#counts ??= { created: 0, deleted: 0, modified: 0 }
    const wds: number[] = []
    for (const old of [...this.#table.roots]) {
      const root = this.#table.replaceRoot(old)
      for (const wd of this.#table.remove(old).wds) wds.push(wd)
      if (told) root.former = lastTold(old)
    }
    return wds
  }

  finish(): RepairCounts {
    const counts = this.#counts!
    this.#counts = undefined
    return counts
  }

  /**
   * Compares an entry that was found with what had been told, and tells the difference. Returns what had been
   * told of the entry's content when it is a directory that was watched, or a link to one that `follows`.
   */
  found(node: WatchNode, name: string, isDirectory: boolean, follows: boolean): WatchNode | undefined {
    const former = node.former!
    // Without a memory nothing is compared: the watches are renewed, and that is all.
    if (!this.#compare && former.entries === undefined) return isDirectory ? former : undefined
    const told = former.entries?.get(name)
    if (told === isDirectory) {
      if (!isDirectory) this.#compareFile(node, name)
      const child = former.children?.get(name)
      if (child === undefined) return undefined
      const below = lastTold(child)
      if (isDirectory || follows) return below
      this.#tellBelowGone(below, node, name)
      return undefined
    }
    if (told !== undefined) this.#tellGone(former, node, name, told)
    if (this.#counts !== undefined) this.#counts.created++
    this.#tell(IN.CREATE | (isDirectory ? IN.ISDIR : 0), node, name)
    return undefined
  }

  /** Something was found in a directory that had been missed whole. */
  foundBelow(): void {
    if (this.#counts !== undefined) this.#counts.created++
  }

  /** All entries of a directory have been compared: what is left of the former ones is gone. */
  listed(node: WatchNode): void {
    const { former } = node
    node.former = undefined
    if (former?.entries === undefined) return
    for (const [name, isDirectory] of former.entries) {
      if (node.entries?.has(name) !== true) this.#tellGone(former, node, name, isDirectory)
    }
  }

  /** Tells that all that was told of a directory's content is gone, while the directory itself lives on. */
  empty(node: WatchNode): void {
    const told = lastTold(node)
    if (told.entries === undefined) return
    for (const [name, isDirectory] of told.entries) this.#tellGone(told, node, name, isDirectory)
    told.entries.clear()
    node.former = undefined
  }

  #compareFile(node: WatchNode, name: string): void {
    const changedAt = this.#port.changedAt(this.#table.entryPath(node, name))
    if (changedAt < 0) return
    node.changeTimes?.set(name, changedAt)
    const before = node.former!.changeTimes?.get(name)
    if (before === undefined) {
      if (this.#counts === undefined || changedAt < this.#lossStart - CLOCK_TICK_MICROS) return
    } else if (changedAt === before) return
    if (this.#counts !== undefined) this.#counts.modified++
    this.#tell(IN.MODIFY, node, name)
  }

  /** Tells the end of an entry of `former`, which would now lie in `node`: children before parents. */
  #tellGone(former: WatchNode, node: WatchNode, name: string, isDirectory: boolean): void {
    const child = former.children?.get(name)
    if (child !== undefined) this.#tellBelowGone(lastTold(child), node, name)
    if (this.#counts !== undefined) this.#counts.deleted++
    this.#tell(IN.DELETE | (isDirectory ? IN.ISDIR : 0), node, name)
  }

  #tellBelowGone(told: WatchNode, node: WatchNode, name: string): void {
    if (told.entries === undefined) return
    this.#table.adopt(told, node, name)
    for (const [entry, isDirectory] of told.entries) this.#tellGone(told, told, entry, isDirectory)
  }
}

/** The node that holds what was told of a directory: it may not have been compared since the overflow before. */
function lastTold(node: WatchNode): WatchNode {
  let told = node
  while (told.entries === undefined && told.former !== undefined) told = told.former
  return told
}
