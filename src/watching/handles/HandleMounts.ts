import type { AttachedMount } from '../../linux/fanotify/FanotifyMounts.js'
import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { WatchRoot } from '../WatchNode.js'
import type { RootFinder } from './HandleListener.js'
import type { HandleNode } from './HandleNode.js'
import { join, type HandleTable } from './HandleTable.js'
import type { HandleTeller } from './HandleTeller.js'

/** What is mounted below the roots. */
export class HandleMounts {
  readonly #table: HandleTable
  readonly #teller: HandleTeller
  readonly #finder: RootFinder
  /** By the key of what is mounted, or, where that is not told here, by what stands for it. */
  readonly #mounted = new Map<string, HandleNode>()
  readonly #leftOut = new Set<string>()
  #parents: string[] = []

  constructor(table: HandleTable, teller: HandleTeller, finder: RootFinder) {
    this.#table = table
    this.#teller = teller
    this.#finder = finder
  }

  /** What is mounted and told here. */
  get tops(): HandleNode[] {
    return [...this.#mounted.values()].filter(({ key }) => !this.#leftOut.has(key))
  }

  /** A root was entered. */
  attach(root: WatchRoot): void {
    for (const mount of this.#below(root)) this.#attach(mount)
  }

  /** Directories in which something is mounted, whose own places have to be found. */
  takeParents(): string[] {
    const taken = this.#parents
    this.#parents = []
    return taken
  }

  /** Directories below roots in which something is mounted, whose places are not known. */
  unknownParents(roots: Iterable<WatchRoot>): string[] {
    const unknown: string[] = []
    for (const root of roots) {
      if (!isTree(root)) continue
      for (const key of this.#finder.mountParents(root.path)) {
        if (this.#table.get(key)?.state !== 'placed') unknown.push(key)
      }
    }
    return unknown
  }

  /**
   * Looks at what is mounted below roots now. What was in a place before cannot be listed any more, so it is told as
   * gone by one event; `displace` is called with it. Returns what is there instead, which has to be entered.
   */
  remounted(roots: Iterable<WatchRoot>, displace: (node: HandleNode) => void): HandleNode[] {
    const now = new Map<string, AttachedMount>()
    for (const root of roots) for (const mount of this.#below(root)) now.set(mount.top, mount)
    const entered: HandleNode[] = []
    for (const [top, node] of [...this.#mounted]) {
      if (now.has(top)) continue
      this.#mounted.delete(top)
      node.isMounted = false
      const { parent, name } = node
      const path = parent === undefined ? undefined : this.#table.view(parent)?.path
      displace(node)
      if (parent === undefined || path === undefined) continue
      this.#teller.tellFound(FAN.DELETE, parent, name, true)
      // Something else is mounted there now, which comes below.
      if ([...now.values()].some((mount) => mount.above === parent.key && mount.name === name)) continue
      const key = this.#finder.uncovered(join(path, name))
      if (key === undefined) continue
      const uncovered = this.#table.ensure(key)
      this.#table.place(uncovered, parent, name)
      this.#teller.tellFound(FAN.CREATE, parent, name, true)
      entered.push(uncovered)
    }
    for (const [top, mount] of now) {
      if (this.#mounted.has(top)) continue
      const above = this.#table.ensure(mount.above)
      const covered = above.children?.get(mount.name)
      this.#teller.tellFound(FAN.DELETE, above, mount.name, true)
      if (covered !== undefined) displace(covered)
      const node = this.#attach(mount)
      if (mount.told === 'nowhere') continue
      this.#teller.tellFound(FAN.CREATE, above, mount.name, true)
      if (mount.told === 'here') entered.push(node)
    }
    return entered
  }

  #below(root: WatchRoot): readonly AttachedMount[] {
    return isTree(root) ? this.#finder.below(root.path) : []
  }

  #attach({ top, above, name, told }: AttachedMount): HandleNode {
    const node = this.#table.ensure(top)
    this.#table.attach(node, this.#table.ensure(above), name)
    this.#mounted.set(top, node)
    if (told !== 'here') this.#leftOut.add(top)
    this.#parents.push(above)
    return node
  }
}

function isTree({ recursive, only }: WatchRoot): boolean {
  return recursive && only === undefined
}
