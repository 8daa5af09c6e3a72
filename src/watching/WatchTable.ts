import { detached } from '../linux/rawPath.js'
import { NodesByWd } from './NodesByWd.js'
import { WatchNode, type WatchRoot } from './WatchNode.js'

/** What was taken out of the table: its watches, and other ways to the same directories. */
export interface Removed {
  readonly wds: readonly number[]
  readonly aliases: readonly WatchNode[]
}

/** The tree of watched directories: watch descriptor to node, node to path. */
export class WatchTable {
  readonly #byWd = new NodesByWd()
  readonly #roots: WatchNode[] = []
  // Events come in runs from one directory: its path is kept until something moves.
  #cachedNode: WatchNode | undefined
  #cachedPath = ''
  // A crawl visits one child after the other.
  #cachedParent: WatchNode | undefined
  #cachedParentPath = ''

  /** How often a directory was given another place. */
  moves = 0

  /** Watched directories. */
  get size(): number {
    return this.#byWd.size
  }

  get roots(): readonly WatchNode[] {
    return this.#roots
  }

  addRoot(root: WatchRoot): WatchNode {
    const node = new WatchNode(undefined, root.path, root)
    this.#roots.push(node)
    return node
  }

  /** Puts a new top node in the place of an old one; `root` when it has become one of another kind. */
  replaceRoot(old: WatchNode, root = old.root!): WatchNode {
    const node = new WatchNode(undefined, root.path, root)
    this.#roots[this.#roots.indexOf(old)] = node
    return node
  }

  removeRoot(node: WatchNode): void {
    this.#roots.splice(this.#roots.indexOf(node), 1)
  }

  /** The node at a path relative to a root; empty for the root itself. */
  find(top: WatchNode, path: string): WatchNode | undefined {
    let node: WatchNode | undefined = top
    if (path !== '') for (const name of path.split('/')) node = node?.children?.get(name)
    return node
  }

  /** The top node of a root. */
  nodeOf(root: WatchRoot): WatchNode {
    return this.#roots.find((node) => node.root === root)!
  }

  byWd(wd: number): WatchNode | undefined {
    return this.#byWd.get(wd)
  }

  /** The directories that are watched now. */
  watched(): WatchNode[] {
    return this.#byWd.all()
  }

  setWatch(node: WatchNode, wd: number): void {
    node.wd = wd
    this.#byWd.set(wd, node)
  }

  /** Forgets the node's watch, which the kernel may still hold. */
  clearWatch(node: WatchNode): void {
    if (node.wd !== 0) this.#byWd.delete(node.wd)
    node.wd = 0
  }

  child(node: WatchNode, name: string): WatchNode | undefined {
    return node.children?.get(name)
  }

  /** A new node below `parent`, not watched yet. The name is kept: that of a record is to be detached before. */
  attach(parent: WatchNode, name: string): WatchNode {
    const node = new WatchNode(parent, name, undefined)
    parent.children ??= new Map()
    parent.children.set(name, node)
    return node
  }

  /** Takes the node out of its parent, but leaves it alive: its new place is not known yet. */
  unlink(node: WatchNode): void {
    const siblings = node.parent?.children
    if (siblings?.get(node.name) === node) siblings.delete(node.name)
    this.#cachedNode = this.#cachedParent = undefined
  }

  /** Gives the node a new parent and name; whatever lies below follows by itself. */
  move(node: WatchNode, parent: WatchNode, name: string): void {
    this.unlink(node)
    this.moves++
    node.parent = parent
    node.name = detached(name)
    parent.children ??= new Map()
    parent.children.set(node.name, node)
  }

  /** Makes a node that is not in the table resolve to a place in it. */
  adopt(node: WatchNode, parent: WatchNode, name: string): void {
    node.parent = parent
    node.name = name
    this.#cachedNode = this.#cachedParent = undefined
  }

  /** Takes the node and all below it out of the table. */
  remove(node: WatchNode): Removed {
    this.unlink(node)
    const wds: number[] = []
    const aliases: WatchNode[] = []
    const stack = [node]
    for (let current = stack.pop(); current !== undefined; current = stack.pop()) {
      current.alive = false
      if (current.wd !== 0) {
        wds.push(current.wd)
        this.clearWatch(current)
      }
      if (current.aliases !== undefined) for (const alias of current.aliases) aliases.push(alias)
      if (current.children !== undefined) for (const child of current.children.values()) stack.push(child)
    }
    return { wds, aliases: aliases.filter((alias) => alias.alive) }
  }

  /** The raw absolute path of a node. */
  pathOf(node: WatchNode): string {
    if (node === this.#cachedNode) return this.#cachedPath
    const path = this.#join(node)
    this.#cachedNode = node
    this.#cachedPath = path
    return path
  }

  #join(node: WatchNode): string {
    const { parent, name } = node
    if (parent === undefined) return name
    if (parent !== this.#cachedParent) {
      this.#cachedParentPath = parent === this.#cachedNode ? this.#cachedPath : joinUp(parent)
      this.#cachedParent = parent
    }
    return joined(this.#cachedParentPath, name)
  }

  /** The raw path of an entry in a node, or of the node itself when `name` is empty. */
  entryPath(node: WatchNode, name: string): string {
    const directory = this.pathOf(node)
    if (name === '') return directory
    return joined(directory, name)
  }

  /** The root that a node lies under. */
  rootOf(node: WatchNode): WatchRoot {
    let top = node
    while (top.parent !== undefined) top = top.parent
    return top.root!
  }

  /** The raw path of a node relative to its root; empty for the root itself. */
  relativePath(node: WatchNode): string {
    if (node.parent === undefined) return ''
    let path = node.name
    for (let up = node.parent; up.parent !== undefined; up = up.parent) path = `${up.name}/${path}`
    return path
  }
}

function joinUp(node: WatchNode): string {
  if (node.parent === undefined) return node.name
  let path = node.name
  let up: WatchNode = node.parent
  for (; up.parent !== undefined; up = up.parent) path = `${up.name}/${path}`
  return joined(up.name, path)
}

function joined(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}
