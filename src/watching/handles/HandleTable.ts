import { detached } from '../../linux/rawPath.js'
import type { WatchRoot } from '../WatchNode.js'
import { HandleNode, type View } from './HandleNode.js'

// A node takes some hundred bytes.
const MANY_NODES = 100_000

/** True when nothing in the directory, nor below it, is wanted: raw path relative to the root, and raw name. */
export type Prune = (path: string, name: string) => boolean

/** The directories in which something has happened, by their handles, as a forest. */
export class HandleTable {
  readonly #prune: Prune
  readonly #nodes = new Map<string, HandleNode>()
  #dead: { node: HandleNode; fence: number }[] = []
  #limit = MANY_NODES
  // Rises whenever the path of a known directory may have changed.
  #epoch = 0

  constructor(prune: Prune) {
    this.#prune = prune
  }

  get size(): number {
    return this.#nodes.size
  }

  /** Deleted directories that are not forgotten yet. */
  get deaths(): number {
    return this.#dead.length
  }

  get(key: string): HandleNode | undefined {
    return this.#nodes.get(key)
  }

  /** The node of a key, which is nowhere when it is new. */
  ensure(key: string): HandleNode {
    let node = this.#nodes.get(key)
    if (node === undefined) {
      node = new HandleNode(detached(key))
      this.#nodes.set(node.key, node)
    }
    return node
  }

  /** Gives a node its place; whatever lies below follows by itself. */
  place(node: HandleNode, parent: HandleNode | undefined, name: string): void {
    const wasNew = node.state === 'nowhere' && node.children === undefined
    this.#unlink(node)
    const there = parent?.children?.get(name)
    const isCovered = there?.isMounted === true && !node.isMounted
    // What is known does not agree with itself: rather nowhere than in itself.
    if (isCovered || (parent !== undefined && this.contains(node, parent))) {
      this.unplace(node)
      return
    }
    node.state = 'placed'
    node.parent = parent
    node.name = detached(name)
    if (parent !== undefined) {
      parent.children ??= new Map()
      parent.children.set(node.name, node)
    }
    if (wasNew) node.epoch = -1
    else this.#epoch++
  }

  /** The node is the top of a filesystem that is mounted on an entry of `parent`. */
  attach(node: HandleNode, parent: HandleNode, name: string): void {
    node.isMounted = true
    this.place(node, parent, name)
  }

  /** The directory was deleted. Records of what was in it may still come until the fence `fence` is read. */
  bury(node: HandleNode, fence: number): void {
    this.#unlink(node)
    node.state = 'dead'
    this.#dead.push({ node, fence })
  }

  /** Where the directory is, is not known any more. */
  unplace(node: HandleNode): void {
    this.#unlink(node)
    node.state = 'nowhere'
    node.parent = undefined
    this.#epoch++
  }

  /** The directory is not where it was, and may not come again: see `bury`. */
  displace(node: HandleNode, fence: number): void {
    this.unplace(node)
    this.#dead.push({ node, fence })
  }

  /** Forgets what was deleted before a fence that has been read. */
  fencePassed(fence: number): void {
    if (this.#dead.length === 0) return
    this.#dead = this.#dead.filter((entry) => {
      if (entry.fence >= fence) return true
      const { key, state } = entry.node
      // It may have been forgotten already, and have come again since.
      if (state !== 'placed' && this.#nodes.get(key) === entry.node) this.#nodes.delete(key)
      return false
    })
  }

  setRoot(node: HandleNode, root: WatchRoot | undefined): void {
    node.root = root
    this.#epoch++
  }

  /** What the stream sees of a directory; `undefined` when it lies in no root, or in an excluded directory. */
  view(node: HandleNode): View | undefined {
    if (node.epoch !== this.#epoch) {
      node.view = this.#look(node)
      node.epoch = this.#epoch
    }
    return node.view
  }

  #look(node: HandleNode): View | undefined {
    if (node.root !== undefined) return { root: node.root, path: node.root.path, relative: '' }
    if (node.parent === undefined || node.state === 'nowhere') return undefined
    return this.#viewOf(node.parent, node.name)
  }

  #viewOf(parent: HandleNode, name: string): View | undefined {
    const above = this.view(parent)
    if (above === undefined || !above.root.recursive || above.root.only !== undefined) return undefined
    const relative = above.relative === '' ? name : `${above.relative}/${name}`
    if (this.#prune(relative, name)) return undefined
    return { root: above.root, path: join(above.path, name), relative }
  }

  /** True when the stream sees what is in a directory of that name. */
  shows(parent: HandleNode, name: string): boolean {
    return this.#viewOf(parent, name) !== undefined
  }

  /** True when `below` lies in `node`, or is it. */
  contains(node: HandleNode, below: HandleNode): boolean {
    for (let up: HandleNode | undefined = below; up !== undefined; up = up.parent)
      if (up === node) return true
    return false
  }

  /** Forgets directories in which the stream sees nothing, when there are many: they are found again. */
  sweep(): void {
    if (this.#nodes.size <= this.#limit) return
    for (const node of [...this.#nodes.values()].reverse()) {
      const isInUse = node.children !== undefined && node.children.size > 0
      if (
        isInUse ||
        node.isSilenced ||
        node.isMarked ||
        node.state === 'dead' ||
        this.view(node) !== undefined
      )
        continue
      this.#unlink(node)
      this.#nodes.delete(node.key)
    }
    this.#limit = Math.max(MANY_NODES, this.#nodes.size * 2)
  }

  #unlink(node: HandleNode): void {
    const siblings = node.parent?.children
    if (siblings?.get(node.name) === node) siblings.delete(node.name)
  }
}

/** The raw path of an entry in a directory. */
export function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}
