import type { WatchRoot } from '../WatchNode.js'
import type { RootFinder } from './HandleListener.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleTable } from './HandleTable.js'

/** What a root is told through while it is no directory. */
interface StandIn {
  readonly node: HandleNode
  readonly root: WatchRoot
  readonly name: string
}

/**
 * Awaited roots that were directories, and in whose places something else has come: it is told as an entry of its
 * parent, as a file is that was named as a root.
 */
export class RootFiles {
  readonly #table: HandleTable
  readonly #finder: RootFinder
  readonly #standIns = new Map<WatchRoot, StandIn>()

  constructor(table: HandleTable, finder: RootFinder) {
    this.#table = table
    this.#finder = finder
  }

  has(root: WatchRoot): boolean {
    return this.#standIns.has(root)
  }

  /** A record says that a file has come: the directory is told of from now on, if it was for that root. */
  arrived(root: WatchRoot, node: HandleNode, name: string): WatchRoot | undefined {
    const { parent, name: own } = parted(root.path)
    // As of the record the directory may have had another name than now; a link is found by looking.
    if (own !== name || node.name !== parted(parent).name || this.#standIns.has(root)) return undefined
    return this.#finder.find(parent) === node.key ? this.#add(root, node) : undefined
  }

  /** Looks whether something is there that is no directory: what it is told through, which is not listed yet. */
  look(root: WatchRoot): StandIn | undefined {
    if (this.#standIns.has(root) || !this.#finder.isFile(root.path)) return undefined
    const key = this.#finder.find(parted(root.path).parent)
    if (key === undefined) return undefined
    return this.#add(root, this.#table.ensure(key)) === undefined ? undefined : this.#standIns.get(root)
  }

  /** The root is a directory again: what stood for it, which is told of no more. */
  drop(root: WatchRoot): StandIn | undefined {
    const standIn = this.#standIns.get(root)
    this.#standIns.delete(root)
    return standIn
  }

  /** True for what stood for a root, and does so no more. */
  forget(standIn: WatchRoot): boolean {
    for (const [root, { root: own }] of this.#standIns) {
      if (own !== standIn) continue
      this.#standIns.delete(root)
      return true
    }
    return false
  }

  #add(root: WatchRoot, node: HandleNode): WatchRoot | undefined {
    // Another root tells of it.
    if (this.#table.view(node) !== undefined) return undefined
    const { parent, name } = parted(root.path)
    const { recursive } = root
    const standIn = { path: parent, only: new Set([name]), recursive, mayBeMissing: true }
    this.#standIns.set(root, { node, root: standIn, name })
    return standIn
  }
}

function parted(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf('/')
  return { parent: path.slice(0, Math.max(slash, 1)), name: path.slice(slash + 1) }
}
