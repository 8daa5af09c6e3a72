import type { WatchNode } from './WatchNode.js'

const PAGE_BITS = 6
const PAGE_NODES = 2 ** PAGE_BITS

type Page = (WatchNode | undefined)[]

/**
 * Watched directories by their watch descriptors. The kernel counts these up, so that neighbours are of the same age:
 * in pages they take a quarter of the memory of a Map, and a page is dropped when its directories are gone.
 */
export class NodesByWd {
  // Flat, since in a large tree each look is one into memory that is in no cache.
  readonly #pages: (Page | undefined)[] = []
  readonly #counts: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get(wd: number): WatchNode | undefined {
    return this.#page(wd >> PAGE_BITS)?.[wd & (PAGE_NODES - 1)]
  }

  set(wd: number, node: WatchNode): void {
    const key = wd >> PAGE_BITS
    while (this.#pages.length <= key) {
      this.#pages.push(undefined)
      this.#counts.push(0)
    }
    const page = (this.#pages[key] ??= new Array<WatchNode | undefined>(PAGE_NODES).fill(undefined))
    const index = wd & (PAGE_NODES - 1)
    if (page[index] === undefined) {
      this.#counts[key]!++
      this.#size++
    }
    page[index] = node
  }

  delete(wd: number): void {
    const key = wd >> PAGE_BITS
    const page = this.#page(key)
    const index = wd & (PAGE_NODES - 1)
    if (page?.[index] === undefined) return
    page[index] = undefined
    this.#size--
    if (--this.#counts[key]! === 0) this.#pages[key] = undefined
  }

  /** All of them, the oldest watch first. */
  all(): WatchNode[] {
    const nodes: WatchNode[] = []
    for (const page of this.#pages) {
      if (page === undefined) continue
      for (const node of page) if (node !== undefined) nodes.push(node)
    }
    return nodes
  }

  #page(key: number): Page | undefined {
    return key < this.#pages.length ? this.#pages[key] : undefined
  }
}
