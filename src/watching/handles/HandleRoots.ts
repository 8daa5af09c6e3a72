import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import { IN } from '../../linux/inotifyMasks.js'
import type { WatchRoot } from '../WatchNode.js'
import type { RootFinder } from './HandleListener.js'
import { HandleMounts } from './HandleMounts.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleTable } from './HandleTable.js'
import type { HandleTeller, Telling } from './HandleTeller.js'
import type { Marking } from './Marking.js'
import { RootFiles } from './RootFiles.js'

/** The roots: where they are, and those that wait to be there. */
export class HandleRoots {
  readonly #table: HandleTable
  readonly #teller: HandleTeller
  readonly #finder: RootFinder
  readonly #nodes = new Map<WatchRoot, HandleNode>()
  readonly #lost = new Set<WatchRoot>()
  readonly #mounts: HandleMounts
  readonly #files: RootFiles
  readonly #marking: Marking

  constructor(table: HandleTable, teller: HandleTeller, finder: RootFinder, marking: Marking) {
    this.#marking = marking
    this.#table = table
    this.#teller = teller
    this.#finder = finder
    this.#mounts = new HandleMounts(table, teller, finder)
    this.#files = new RootFiles(table, finder)
  }

  get nodes(): HandleNode[] {
    return [...this.#nodes.values()]
  }

  /** The roots, and what is mounted below them. */
  get tops(): HandleNode[] {
    return [...this.nodes, ...this.#mounts.tops]
  }

  get lost(): number {
    return this.#lost.size
  }

  /** Looks where the root is now; if it is not, it is awaited. */
  start(root: WatchRoot): void {
    const key = this.#finder.find(root.path)
    if (key !== undefined) {
      this.#enter(root, this.#table.ensure(key))
      return
    }
    this.#lost.add(root)
    // The filesystem in which it is likely to appear has to be marked for that.
    let above = root.path
    do above = above.slice(0, above.lastIndexOf('/'))
    while (this.#finder.find(above === '' ? '/' : above) === undefined && above !== '')
  }

  /** The roots that lie in a directory or are it. */
  within(node: HandleNode): WatchRoot[] {
    const roots: WatchRoot[] = []
    for (const [root, own] of this.#nodes) if (this.#table.contains(node, own)) roots.push(root)
    return roots
  }

  /** A root is no longer at its path: it was deleted, or moved with or without what is above it. */
  lose(root: WatchRoot, bit: typeof IN.DELETE_SELF | typeof IN.MOVE_SELF, telling: Telling): void {
    const node = this.#nodes.get(root)
    if (node === undefined) return
    if (root.only === undefined) this.#teller.tell(bit, node, '', true, telling)
    else if (bit === IN.MOVE_SELF) {
      for (const name of root.only) this.#teller.tellFound(FAN.DELETE, node, name, false)
    }
    this.#nodes.delete(root)
    this.#table.setRoot(node, undefined)
    if (!this.#files.forget(root)) this.#lost.add(root)
    this.#marking.leave(node)
  }

  /** A directory has come: the roots that came with it, which are entered. */
  arrived(node: HandleNode, name: string, isBirth: boolean): HandleNode[] {
    const entered: HandleNode[] = []
    for (const root of [...this.#lost]) {
      // A link may lead there by any name: that is found by looking again from time to time.
      if (!root.path.split('/').includes(name)) continue
      const key = this.#finder.find(root.path)
      if (key === undefined) entered.push(...this.#lookForFile(root))
      else if (!isBirth || key === node.key) entered.push(this.#return(root, this.#table.ensure(key), true))
    }
    return entered
  }

  /** Something that is no directory has come, of which a record is about to tell. */
  fileArrived(node: HandleNode, name: string): void {
    for (const root of this.#lost) {
      const standIn = this.#files.arrived(root, node, name)
      if (standIn !== undefined) this.#set(standIn, node)
    }
  }

  /** Looks for the roots that are awaited; those that are there are entered. */
  look(): HandleNode[] {
    const entered: HandleNode[] = []
    for (const root of [...this.#lost]) {
      const key = this.#finder.find(root.path)
      if (key === undefined) entered.push(...this.#lookForFile(root))
      else entered.push(this.#return(root, this.#table.ensure(key), false))
    }
    return entered
  }

  #lookForFile(root: WatchRoot): HandleNode[] {
    const standIn = root.only === undefined ? this.#files.look(root) : undefined
    if (standIn === undefined) return []
    this.#set(standIn.root, standIn.node)
    return [standIn.node]
  }

  /** `isByRecord` when a record has told what has come, if anything stood for the root. */
  #return(root: WatchRoot, node: HandleNode, isByRecord: boolean): HandleNode {
    const standIn = this.#files.drop(root)
    if (standIn !== undefined) {
      if (!isByRecord) this.#teller.tellFound(FAN.DELETE, standIn.node, standIn.name, false)
      this.#nodes.delete(standIn.root)
      this.#table.setRoot(standIn.node, undefined)
      this.#marking.leave(standIn.node)
    }
    this.#enter(root, node)
    const isTold = isByRecord && standIn !== undefined
    if (root.only === undefined && !isTold) this.#teller.tellFound(FAN.CREATE, node, '', true)
    return node
  }

  #enter(root: WatchRoot, node: HandleNode): void {
    this.#lost.delete(root)
    this.#set(root, node)
    this.#mounts.attach(root)
  }

  #set(root: WatchRoot, node: HandleNode): void {
    this.#nodes.set(root, node)
    this.#table.setRoot(node, root)
  }

  /** Directories in which something is mounted, whose own places have to be found. */
  takeMountParents(): string[] {
    return this.#mounts.takeParents()
  }

  /** The same for what may have been mounted since; nothing is told by that. */
  unknownMountParents(): string[] {
    return this.#mounts.unknownParents(this.#nodes.keys())
  }

  /**
   * Looks what is mounted now, at the roots and below. `displace` is called with what is not there any more, `lose`
   * with roots whose paths lead elsewhere. Returns what has to be entered.
   */
  remounted(lose: (root: WatchRoot) => void, displace: (node: HandleNode) => void): HandleNode[] {
    this.#finder.refresh()
    for (const [root, node] of [...this.#nodes]) if (this.#finder.find(root.path) !== node.key) lose(root)
    const moved = this.#mounts.remounted(this.#nodes.keys(), displace)
    return [...moved, ...this.look()]
  }
}
