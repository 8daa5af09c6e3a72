import { IN } from '../linux/inotifyMasks.js'
import type { EntryType, KernelPort } from './port.js'
import { goneEntry, RepairFindings, type Fresh, type Gone } from './RepairFindings.js'
import { isDirectoryCode } from './ToldEntries.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** How many differences a repair has told. */
export interface RepairCounts {
  created: number
  deleted: number
  modified: number
  renamed: number
}

/** What a repair needs of the watcher around it. */
export interface RepairHost {
  /** Told to the consumer: something that was found, not reported. */
  tell(mask: number, node: WatchNode, name: string, cookie: number): void
  /** Tells an entry that is new, and has it followed. */
  tellFresh(node: WatchNode, name: string, type: EntryType, ino: number): void
  /** An entry is where it was not told to be: notes it, and has it visited. `former` is what had been told of its content. */
  place(node: WatchNode, name: string, type: EntryType, ino: number, former: WatchNode | undefined): void
}

// A file's change time comes from the kernel's tick, some milliseconds coarse.
const CLOCK_TICK_MICROS = 20_000
// The kernel's own have 32 bits.
const FIRST_COOKIE = 2 ** 32

/**
 * Brings the stream up to date after an overflow.
 *
 * Nothing that the table says can be trusted then: a lost rename may have put any directory elsewhere. So all
 * watches are dropped and the roots crawled anew, as at the start; what had been told stays beside each new
 * node as `former`, and each listing is compared with it. Names that are new, and names that are gone, are held
 * until all that was told has been compared: those that are proven to be the same inode are told as a rename. Another
 * overflow meanwhile starts over, with what has been told by then. A file whose change time lies after the earliest
 * possible loss is told as modified.
 */
export class Repair {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #compare: boolean
  readonly #host: RepairHost
  readonly #findings: RepairFindings
  #counts: RepairCounts | undefined
  #lossStart = 0
  #cookie = FIRST_COOKIE
  /** There are directories of which something was told that have not been compared. */
  #isOpen = false

  constructor(port: KernelPort, table: WatchTable, compare: boolean, host: RepairHost) {
    this.#port = port
    this.#table = table
    this.#compare = compare
    this.#host = host
    this.#findings = new RepairFindings(table)
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
    this.#counts ??= { created: 0, deleted: 0, modified: 0, renamed: 0 }
    this.#findings.takeFresh()
    for (const gone of this.#findings.takeGone()) putBack(gone)
    this.#isOpen = told
    const wds: number[] = []
    for (const old of [...this.#table.roots]) {
      const root = this.#table.replaceRoot(old)
      for (const wd of this.#table.remove(old).wds) wds.push(wd)
      if (told) root.former = old.lastTold
    }
    return wds
  }

  /** All that was to be visited has been. True when more is to be visited before the repair is over. */
  settle(): boolean {
    this.#isOpen = false
    const fresh = this.#rename(this.#findings.takeFresh())
    const isMore = this.#hasOpened()
    const rest = isMore || fresh.length === 0 || !this.#findings.lookBelow() ? fresh : this.#rename(fresh)
    if (this.#hasOpened()) {
      for (const entry of rest) this.#findings.addFresh(entry)
      return true
    }
    for (const entry of rest) this.#tellFresh(entry)
    if (fresh.length > 0) return true
    for (const gone of this.#findings.takeGone()) this.#tellHeld(gone)
    return false
  }

  #hasOpened(): boolean {
    return this.#isOpen
  }

  finish(): RepairCounts {
    const counts = this.#counts!
    this.#counts = undefined
    return counts
  }

  /**
   * Compares an entry that was found with what had been told, and tells the difference. `isNew` when nothing of that
   * kind had been told; else `former` is what had been told of the content of a directory that was watched, or of a
   * link to one that `follows`.
   */
  compare(
    node: WatchNode,
    name: string,
    isDirectory: boolean,
    follows: boolean,
  ): { readonly isNew: boolean; readonly former: WatchNode | undefined } {
    const former = node.former!
    // Without a memory nothing is compared: the watches are renewed, and that is all.
    if (!this.#compare && former.entries === undefined) {
      return { isNew: false, former: isDirectory ? former : undefined }
    }
    const code = former.entries?.get(name)
    if (code === undefined) return { isNew: true, former: undefined }
    if (isDirectoryCode(code) !== isDirectory) {
      former.entries!.delete(name)
      this.#tellGone(former, node, name, isDirectoryCode(code))
      return { isNew: true, former: undefined }
    }
    if (!isDirectory) this.#compareFile(node, name)
    const below = former.children?.get(name)?.lastTold
    if (below === undefined || isDirectory || follows) return { isNew: false, former: below }
    this.#tellBelowGone(below, node, name)
    return { isNew: false, former: undefined }
  }

  /** True when a new entry is held, since it may have been renamed; else it is to be told at once. */
  holds(fresh: Fresh): boolean {
    if (this.#counts === undefined || !this.#compare) return false
    if (!this.#isOpen && !this.#findings.isAwaited(fresh.ino)) return false
    this.#findings.addFresh(fresh)
    return true
  }

  /** A new entry is told as such. */
  countFresh(): void {
    if (this.#counts !== undefined) this.#counts.created++
  }

  /** All entries of a directory have been compared: what is left of the former ones is gone. */
  listed(node: WatchNode): void {
    const { former } = node
    node.former = undefined
    if (former?.entries === undefined) return
    for (const [name, code] of former.entries) {
      if (node.entries?.has(name) === true) continue
      const gone = goneEntry(former, node, node, name, code)
      if (this.#counts === undefined) this.#tellHeld(gone)
      else this.#findings.addGone(gone)
    }
  }

  /** A record is about to tell something of this directory: what is held of it comes first. */
  flush(node: WatchNode): void {
    if (this.#counts === undefined) return
    const { gone, fresh } = this.#findings.takeOf(node)
    for (const entry of gone) this.#tellHeld(entry)
    for (const entry of fresh) this.#tellFresh(entry)
  }

  /** Tells that all that was told of a directory's content is gone, while the directory itself lives on. */
  empty(node: WatchNode): void {
    this.#flushGone(node)
    const told = node.lastTold
    if (told.entries === undefined) return
    for (const [name, code] of told.entries) this.#tellGone(told, node, name, isDirectoryCode(code))
    told.entries.clear()
    node.former = undefined
  }

  /** Tells as renamed what is proven to be; returns the rest. */
  #rename(fresh: readonly Fresh[]): Fresh[] {
    return fresh.filter((entry) => {
      if (!this.#findings.isAwaited(entry.ino)) return true
      const { node, name, type, ino } = entry
      const identity = this.#port.identify(this.#table.entryPath(node, name))
      if (typeof identity === 'number' || identity.type !== type) return true
      const isDirectory = type === 'directory'
      const gone = this.#findings.takeRenamed(identity, isDirectory)
      if (gone === undefined) return true
      const former = gone.former.children?.get(gone.name)?.lastTold
      const mask = isDirectory ? IN.ISDIR : 0
      const cookie = this.#cookie++
      this.#counts!.renamed++
      this.#host.tell(IN.MOVED_FROM | mask, gone.node, gone.name, cookie)
      if (former !== undefined) this.#isOpen = true
      this.#host.place(node, name, type, ino, former)
      this.#host.tell(IN.MOVED_TO | mask, node, name, cookie)
      // The rename itself has changed the change time: what else was done to the file cannot be told from it.
      if (!isDirectory) this.#tellModified(node, name)
      return false
    })
  }

  #tellFresh({ node, name, type, ino }: Fresh): void {
    if (node.alive) this.#host.tellFresh(node, name, type, ino)
  }

  #compareFile(node: WatchNode, name: string): void {
    const changedAt = this.#port.changedAt(this.#table.entryPath(node, name))
    if (changedAt < 0) return
    node.changeTimes?.note(name, changedAt)
    const isNew = node.former!.changeTimes?.isNew(name, changedAt)
    if (isNew === false) return
    const isLate = this.#counts !== undefined && changedAt >= this.#lossStart - CLOCK_TICK_MICROS
    if (isNew === undefined && !isLate) return
    this.#tellModified(node, name)
  }

  #tellModified(node: WatchNode, name: string): void {
    if (this.#counts !== undefined) this.#counts.modified++
    this.#host.tell(IN.MODIFY, node, name, 0)
  }

  #tellHeld({ former, node, name, isDirectory }: Gone): void {
    this.#tellGone(former, node, name, isDirectory)
  }

  #flushGone(node: WatchNode): void {
    if (this.#counts === undefined) return
    for (const gone of this.#findings.takeOf(node).gone) this.#tellHeld(gone)
  }

  /** Tells the end of an entry of `former`, which would now lie in `node`: children before parents. */
  #tellGone(former: WatchNode, node: WatchNode, name: string, isDirectory: boolean): void {
    const child = former.children?.get(name)
    if (child !== undefined) this.#tellBelowGone(child.lastTold, node, name)
    if (this.#counts !== undefined) this.#counts.deleted++
    this.#host.tell(IN.DELETE | (isDirectory ? IN.ISDIR : 0), node, name, 0)
  }

  #tellBelowGone(told: WatchNode, node: WatchNode, name: string): void {
    this.#flushGone(told)
    if (told.entries === undefined) return
    this.#table.adopt(told, node, name)
    for (const [entry, code] of told.entries) this.#tellGone(told, told, entry, isDirectoryCode(code))
  }
}

/** To the consumer it is still there. */
function putBack({ former, node, name, isDirectory, ino }: Gone): void {
  node.tell(name, isDirectory, ino)
  const child = former.children?.get(name)
  if (child === undefined) return
  node.children ??= new Map()
  node.children.set(name, child)
}
