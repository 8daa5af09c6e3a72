import type { WatchNode } from './WatchNode.js'

const PAGE_BITS = 6
const PAGE_NODES = 2 ** PAGE_BITS

interface Page {
  readonly nodes: (WatchNode | undefined)[]
  count: number
}

/**
 * Watched directories by their watch descriptors. The kernel counts these up, so that neighbours are of the same age:
 * in pages they take a quarter of the memory of a Map, and a page is dropped when its directories are gone.
 */
export class NodesByWd {
  readonly #pages = new Map<number, Page>()
  #lastKey = -1
  #lastPage: Page | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get(wd: number): WatchNode | undefined {
    return this.#page(wd >> PAGE_BITS)?.nodes[wd & (PAGE_NODES - 1)]
  }

  set(wd: number, node: WatchNode): void {
    const key = wd >> PAGE_BITS
    let page = this.#page(key)
    if (page === undefined) {
      page = { nodes: new Array<WatchNode | undefined>(PAGE_NODES).fill(undefined), count: 0 }
      this.#pages.set(key, page)
      this.#lastPage = page
    }
    const index = wd & (PAGE_NODES - 1)
    if (page.nodes[index] === undefined) {
      page.count++
      this.#size++
    }
    page.nodes[index] = node
  }

  delete(wd: number): void {
    const key = wd >> PAGE_BITS
    const page = this.#page(key)
    const index = wd & (PAGE_NODES - 1)
    if (page?.nodes[index] === undefined) return
    page.nodes[index] = undefined
    this.#size--
    if (--page.count > 0) return
    this.#pages.delete(key)
    this.#lastPage = undefined
  }

  /** All of them, the oldest watch first. */
  all(): WatchNode[] {
    const nodes: WatchNode[] = []
    for (const page of this.#pages.values()) {
      for (const node of page.nodes) if (node !== undefined) nodes.push(node)
    }
    return nodes
  }

  #page(key: number): Page | undefined {
    if (key !== this.#lastKey) {
      this.#lastKey = key
      this.#lastPage = this.#pages.get(key)
    }
    return this.#lastPage
  }
}
