import { parentOf } from '../renames/pathBytes.js'

/** A path that something is kept for, or an ancestor of one. */
export interface PathNode<Value> {
  readonly path: string
  readonly parent: PathNode<Value> | undefined
  children: Set<PathNode<Value>>
  value: Value | undefined
  /** What left this path and is kept elsewhere. */
  departed: Value | undefined
}

// Stays empty. Most nodes are leaves, and a Set of its own takes as much as all the rest of a leaf.
const none = new Set<never>()

/** Values by raw path that can be found from above and from below. Holds nothing for paths without values. */
export class PathTree<Value> {
  readonly #nodes = new Map<string, PathNode<Value>>()

  get(path: string): PathNode<Value> | undefined {
    return this.#nodes.get(path)
  }

  /** The node of a path, made if need be: give it a value, or call `release`. */
  at(path: string): PathNode<Value> {
    const known = this.#nodes.get(path)
    if (known !== undefined) return known
    const parent = path === '' ? undefined : this.at(parentOf(path))
    const node: PathNode<Value> = { path, parent, children: none, value: undefined, departed: undefined }
    if (parent !== undefined) {
      if (parent.children === none) parent.children = new Set()
      parent.children.add(node)
    }
    this.#nodes.set(path, node)
    return node
  }

  /** Removes the node if nothing is kept at or below it, and so on upwards. */
  release(node: PathNode<Value>): void {
    for (let at: PathNode<Value> | undefined = node; at !== undefined; at = at.parent) {
      if (at.value !== undefined || at.departed !== undefined || at.children.size > 0) return
      at.parent?.children.delete(at)
      this.#nodes.delete(at.path)
    }
  }

  /** The nodes below a path, at any depth. */
  below(path: string): PathNode<Value>[] {
    const found: PathNode<Value>[] = []
    const node = this.#nodes.get(path)
    if (node === undefined || node.children.size === 0) return found
    found.push(...node.children)
    for (let index = 0; index < found.length; index++) {
      for (const child of found[index]!.children) found.push(child)
    }
    return found
  }

  clear(): void {
    this.#nodes.clear()
  }
}
