import { IN } from '../linux/inotifyMasks.js'
import type { InotifyRecord, KernelPort } from './port.js'
import type { Repair } from './Repair.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** What the entries need of the watcher around them. */
export interface EntriesHost {
  /** Told to the consumer; `synthetic` when it was found, not reported. */
  event(mask: number, node: WatchNode, name: string, cookie: number, readAt: number, synthetic: boolean): void
  /** True when nothing in the directory, nor below it, is wanted: raw path relative to the root, and raw name. */
  prune(path: string, name: string): boolean
  /** A directory is to be visited. */
  request(node: WatchNode): void
  /** Something moved to the name of a directory. */
  displace(node: WatchNode): void
}

/**
 * Applies what happens to the entries of directories: to the table, to the memory of what was told, and to the
 * stream. Before the start is over, nothing is told.
 */
export class Entries {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #repair: Repair
  readonly #host: EntriesHost
  /** True once the start is over. */
  isReady = false

  constructor(port: KernelPort, table: WatchTable, repair: Repair, host: EntriesHost) {
    this.#port = port
    this.#table = table
    this.#repair = repair
    this.#host = host
  }

  /** Something other than coming and going happened to an entry, or to the directory itself. */
  touch(node: WatchNode, name: string, mask: number, readAt: number): void {
    if (this.isReady) this.#host.event(mask, node, name, 0, readAt, false)
  }

  /** An entry has come, by CREATE or MOVED_TO. */
  arrive(node: WatchNode, record: InotifyRecord, readAt: number): void {
    const { name, mask } = record
    const isDirectory = (mask & IN.ISDIR) !== 0
    const existing = this.#table.child(node, name)
    if ((mask & IN.MOVED_TO) !== 0) {
      if (existing !== undefined) this.#host.displace(existing)
    } else {
      if (existing !== undefined) {
        this.empty(existing)
        this.release(existing)
      }
      const told = node.entries?.get(name)
      if (told !== undefined && this.isReady) this.tell(IN.DELETE | (told ? IN.ISDIR : 0), node, name)
    }
    node.entries?.set(name, isDirectory)
    this.#emit(mask, node, name, record.cookie, readAt)
    if (!this.isReady && isDirectory) this.requestChild(node, name)
  }

  /** A watched directory has arrived by a rename within the tree; its node has been moved already. */
  moved(node: WatchNode, { mask, name, cookie }: InotifyRecord, readAt: number): void {
    node.entries?.set(name, true)
    this.#emit(mask, node, name, cookie, readAt)
  }

  /** An entry has gone, by DELETE or MOVED_FROM. */
  leave(node: WatchNode, name: string, mask: number, cookie: number, readAt: number): void {
    const isDirectory = (mask & IN.ISDIR) !== 0
    const isKnown = node.entries === undefined || node.entries.has(name)
    if (!isKnown && this.isReady) this.tell(IN.CREATE | (isDirectory ? IN.ISDIR : 0), node, name)
    node.entries?.delete(name)
    const child = isDirectory ? this.#table.child(node, name) : undefined
    if (child !== undefined) {
      if ((mask & IN.DELETE) !== 0) this.empty(child)
      this.release(child)
    }
    this.#emit(mask, node, name, cookie, readAt)
  }

  /** Lets go of a directory and all below it. */
  release(node: WatchNode): void {
    for (const wd of this.#table.remove(node)) this.#port.removeWatch(wd)
  }

  /** Tells that what was in a directory is gone, and lets go of all below it. */
  empty(node: WatchNode): void {
    if (this.isReady) this.#repair.empty(node)
    if (node.children === undefined) return
    for (const child of [...node.children.values()]) this.release(child)
  }

  /** The crawler has found an entry. */
  found(node: WatchNode, name: string, isDirectory: boolean): void {
    if (this.isReady && node.former !== undefined) {
      const former = this.#repair.found(node, name, isDirectory)
      node.entries?.set(name, isDirectory)
      if (former !== undefined) this.requestChild(node, name, former)
      return
    }
    node.entries?.set(name, isDirectory)
    if (this.isReady) {
      this.#repair.foundBelow()
      this.tell(IN.CREATE | (isDirectory ? IN.ISDIR : 0), node, name)
    } else if (isDirectory && this.#table.rootOf(node).recursive) this.requestChild(node, name)
  }

  /** The crawler has found all entries of a directory. */
  listed(node: WatchNode): void {
    this.#repair.listed(node)
    if (node.children === undefined) return
    for (const child of [...node.children.values()]) {
      if (node.entries !== undefined && node.entries.get(child.name) !== true) this.release(child)
    }
  }

  /** Has a directory visited, unless it is watched or pruned. `former` is what had been told of it. */
  requestChild(parent: WatchNode, name: string, former?: WatchNode): void {
    let child = this.#table.child(parent, name)
    if (child === undefined) {
      if (this.isPruned(parent, name)) return
      child = this.#table.attach(parent, name)
      child.former = former
    }
    if (child.wd === 0) this.#host.request(child)
  }

  isPruned(parent: WatchNode, name: string): boolean {
    const above = this.#table.relativePath(parent)
    return this.#host.prune(above === '' ? name : `${above}/${name}`, name)
  }

  /** Tells something that was found, not reported. */
  tell(mask: number, node: WatchNode, name: string): void {
    this.#host.event(mask, node, name, 0, 0, true)
  }

  #emit(mask: number, node: WatchNode, name: string, cookie: number, readAt: number): void {
    if (this.isReady) this.#host.event(mask, node, name, cookie, readAt, false)
  }
}
