import { IN } from '../linux/inotifyMasks.js'
import { detached } from '../linux/rawPath.js'
import type { EntryType, InotifyRecord, KernelPort } from './port.js'
import type { Repair } from './Repair.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

const CONTENT_CHANGES = IN.MODIFY | IN.ATTRIB | IN.CLOSE_WRITE

/** What the entries need of the watcher around them. */
export interface EntriesHost {
  /** Told to the consumer; `synthetic` when it was found, not reported. */
  event(mask: number, node: WatchNode, name: string, cookie: number, readAt: number, synthetic: boolean): void
  /**
   * True when nothing in the directory, nor below it, is wanted: raw path relative to the root, and raw name.
   * `undefined` when all is wanted.
   */
  readonly prune: ((path: string, name: string) => boolean) | undefined
  /** A directory is to be visited. */
  request(node: WatchNode): void
  /** Something moved to the name of a directory. */
  displace(node: WatchNode): void
  /** A directory is reached through a link, which is followed. */
  linked(node: WatchNode): void
  /** The content of symbolic links to directories is told too. */
  readonly followSymlinks: boolean
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
    this.#repair.flush(node)
    if (node.blind !== undefined && name !== '') this.#catchUp(node, name, (mask & IN.ISDIR) !== 0)
    if ((mask & CONTENT_CHANGES) !== 0) this.#noteChange(node, name, mask)
    if (this.isReady) this.#host.event(mask, node, name, 0, readAt, false)
  }

  /** An entry has come, by CREATE or MOVED_TO. */
  arrive(node: WatchNode, record: InotifyRecord, readAt: number): void {
    const { name, mask } = record
    this.#repair.flush(node)
    const isDirectory = (mask & IN.ISDIR) !== 0
    const existing = this.#table.child(node, name)
    const isMoved = (mask & IN.MOVED_TO) !== 0
    if (existing !== undefined) {
      if (isMoved && !existing.isLink) this.#host.displace(existing)
      else this.#close(existing)
    }
    const told = isMoved ? undefined : node.entries?.isDirectory(name)
    if (told !== undefined && this.isReady) this.tell(IN.DELETE | (told ? IN.ISDIR : 0), node, name)
    if (node.entries?.has(name) === false) node.tell(detached(name), isDirectory)
    else node.tell(name, isDirectory)
    this.#noteChange(node, name, mask)
    this.#emit(mask, node, name, record.cookie, readAt)
    if (!this.isReady && isDirectory) this.requestChild(node, detached(name))
    else if (!isDirectory && this.#host.followSymlinks && this.#mayBeLink(node, name)) {
      this.#followLink(node, detached(name))
    }
  }

  /** A watched directory has arrived by a rename within the tree; its node has been moved already. */
  moved(node: WatchNode, { mask, name, cookie }: InotifyRecord, readAt: number): void {
    this.#repair.flush(node)
    node.tell(detached(name), true)
    this.#emit(mask, node, name, cookie, readAt)
  }

  /** An entry has gone, by DELETE or MOVED_FROM. */
  leave(node: WatchNode, name: string, mask: number, cookie: number, readAt: number): void {
    const isDirectory = (mask & IN.ISDIR) !== 0
    this.#repair.flush(node)
    // What was there under a name that is meant only now was told otherwise.
    const told = node.entries?.isDirectory(name)
    const isUntold = node.blind === undefined && node.entries !== undefined && told === undefined
    if (isUntold && this.isReady) return
    if (told !== isDirectory) this.#catchUp(node, name, isDirectory)
    node.forget(name)
    node.changeTimes?.delete(name)
    const child = this.#table.child(node, name)
    if (child?.isLink === true) this.#close(child)
    else if (child !== undefined && isDirectory) {
      if ((mask & IN.DELETE) !== 0) this.empty(child)
      this.release(child)
    }
    this.#emit(mask, node, name, cookie, readAt)
  }

  /** An entry is there that was not told as such: its birth gave no record. */
  #catchUp(node: WatchNode, name: string, isDirectory: boolean): void {
    const told = node.entries?.isDirectory(name)
    if (!this.isReady || node.entries === undefined || told === isDirectory) return
    if (told !== undefined) {
      const child = this.#table.child(node, name)
      if (child !== undefined) this.#close(child)
      this.tell(IN.DELETE | (told ? IN.ISDIR : 0), node, name)
    }
    node.tell(detached(name), isDirectory)
    this.tell(IN.CREATE | (isDirectory ? IN.ISDIR : 0), node, name)
  }

  /** Lets go of a directory and all below it. */
  release(node: WatchNode): void {
    const { wds, aliases } = this.#table.remove(node)
    for (const wd of wds) this.#port.removeWatch(wd)
    // Another way to the same directory may take over.
    for (const alias of aliases) this.#host.request(alias)
  }

  /** What a directory's path leads to is another directory now: tells that its content is gone, and looks anew. */
  renew(node: WatchNode): void {
    this.empty(node)
    const { wd, aliases } = node
    this.#table.clearWatch(node)
    if (wd !== 0) this.#port.removeWatch(wd)
    node.blind = undefined
    this.#host.request(node)
    if (aliases === undefined) return
    node.aliases = undefined
    for (const alias of aliases) if (alias.alive) this.#host.request(alias)
  }

  /** A directory is watched already, under the path of `owner`. False when it takes over from there. */
  alias(node: WatchNode, owner: WatchNode): boolean {
    const takesOver = owner.isLinked && !node.isLinked
    const [main, other] = takesOver ? [node, owner] : [owner, node]
    main.aliases ??= new Set()
    for (const alias of main.aliases) if (!alias.alive) main.aliases.delete(alias)
    const isNew = other.aliasOf !== main
    main.aliases.add(other)
    other.aliasOf = main
    if (!takesOver) return isNew && !node.isLinked
    // The real path counts, whichever was found first.
    this.empty(owner)
    const { wd } = owner
    this.#table.clearWatch(owner)
    this.#port.removeWatch(wd)
    this.#host.request(node)
    return false
  }

  /** Tells that what was in a directory is gone, and lets go of all below it. */
  empty(node: WatchNode): void {
    if (this.isReady) this.#repair.empty(node)
    else node.entries = undefined
    if (node.children === undefined) return
    for (const child of [...node.children.values()]) this.release(child)
  }

  /** The crawler has found an entry; `ino` is 0 where it is not known. */
  found(node: WatchNode, name: string, type: EntryType, ino: number): void {
    const isDirectory = type === 'directory'
    const follows = type === 'symlink' && this.#host.followSymlinks
    if (!this.isReady) {
      this.known(node, name, type, ino)
      if (isDirectory && this.#table.rootOf(node).recursive) this.requestChild(node, name)
      else if (follows) this.#followLink(node, name)
      return
    }
    if (node.former !== undefined) {
      const { isNew, former } = this.#repair.compare(node, name, isDirectory, follows)
      if (!isNew) {
        this.place(node, name, type, ino, former)
        return
      }
    }
    if (!this.#repair.holds({ node, name, type, ino })) this.tellFresh(node, name, type, ino)
  }

  /** An entry is there, and nothing is to be told of that. */
  known(node: WatchNode, name: string, type: EntryType, ino: number): void {
    node.tell(name, type === 'directory', ino)
    if (type !== 'directory') this.#noteChange(node, name, IN.CREATE)
  }

  /** An entry is there, as it had been told, or as a rename has told it now. */
  place(node: WatchNode, name: string, type: EntryType, ino: number, former: WatchNode | undefined): void {
    node.tell(name, type === 'directory', ino)
    if (type === 'symlink' && this.#host.followSymlinks) this.#followLink(node, name, former)
    else if (former !== undefined) this.requestChild(node, name, former)
  }

  /** Tells an entry that is new; whoever follows directories asks for its content. */
  tellFresh(node: WatchNode, name: string, type: EntryType, ino: number): void {
    this.known(node, name, type, ino)
    this.#repair.countFresh()
    this.tell(IN.CREATE | (type === 'directory' ? IN.ISDIR : 0), node, name)
    if (type === 'symlink' && this.#host.followSymlinks) this.#followLink(node, name)
  }

  /** The crawler has found all entries of a directory. */
  listed(node: WatchNode): void {
    this.#repair.listed(node)
    if (node.children === undefined) return
    for (const child of [...node.children.values()]) {
      if (node.entries !== undefined && node.entries.isDirectory(child.name) !== !child.isLink)
        this.release(child)
    }
  }

  /** Has a directory visited, unless it is watched or pruned; its name is kept. `former` is what had been told of it. */
  requestChild(parent: WatchNode, name: string, former?: WatchNode): void {
    let child = this.#table.child(parent, name)
    if (child === undefined) {
      if (this.isPruned(parent, name)) return
      child = this.#table.attach(parent, name)
      child.former = former
    }
    if (child.wd === 0) this.#host.request(child)
  }

  #followLink(parent: WatchNode, name: string, former?: WatchNode): void {
    if (!this.#table.rootOf(parent).recursive) return
    this.requestChild(parent, name, former)
    const child = this.#table.child(parent, name)
    if (child === undefined) return
    child.isLink = true
    this.#host.linked(child)
  }

  /** A directory, or a link to one, is gone, and with it the content under its path. */
  #close(child: WatchNode): void {
    this.empty(child)
    this.release(child)
  }

  /** When the way there has changed meanwhile, it is the visit that finds out. */
  #mayBeLink(node: WatchNode, name: string): boolean {
    const identity = this.#port.identify(this.#table.entryPath(node, name))
    return typeof identity === 'number' || identity.type === 'symlink'
  }

  /** What is told from now on is told after this look: a later change shows as another change time. */
  #noteChange(node: WatchNode, name: string, mask: number): void {
    if (node.changeTimes === undefined || name === '' || (mask & IN.ISDIR) !== 0) return
    node.changeTimes.note(detached(name), this.#port.changedAt(this.#table.entryPath(node, name)))
  }

  isPruned(parent: WatchNode, name: string): boolean {
    const { prune } = this.#host
    if (prune === undefined) return false
    const above = this.#table.relativePath(parent)
    return prune(above === '' ? name : `${above}/${name}`, name)
  }

  /** Tells something that was found, not reported. */
  tell(mask: number, node: WatchNode, name: string, cookie = 0): void {
    this.#host.event(mask, node, name, cookie, 0, true)
  }

  #emit(mask: number, node: WatchNode, name: string, cookie: number, readAt: number): void {
    if (this.isReady) this.#host.event(mask, node, name, cookie, readAt, false)
  }
}
