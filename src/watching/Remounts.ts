import type { MountPlace, MountView } from '../linux/MountView.js'
import type { Crawler } from './Crawler.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

// Directories that are renamed all the time must not keep it from looking.
const MAX_TRIES = 10

type RemountsCrawler = Pick<Crawler, 'round' | 'demandRound' | 'probe'>

/**
 * What was mounted or unmounted at, above or below the roots: no record tells of most of it.
 *
 * Where a mount lies is told by its path as it is now, but the table is only as new as the last record that was
 * applied. So its place is looked up when all has been applied that had happened by then; and all begins anew if a
 * directory was renamed meanwhile.
 */
export class Remounts {
  readonly #table: WatchTable
  readonly #crawler: RemountsCrawler
  readonly #mounts: Pick<MountView, 'places' | 'accept'>
  readonly #places = new Map<string, MountPlace>()
  /** Directories whose filesystem was unmounted, if their paths lead elsewhere. */
  readonly #unmounted = new Set<WatchNode>()
  #round = 0
  #moves = 0
  #tries = 0

  constructor(table: WatchTable, crawler: RemountsCrawler, mounts: Pick<MountView, 'places' | 'accept'>) {
    this.#table = table
    this.#crawler = crawler
    this.#mounts = mounts
  }

  /** What is mounted now is what the roots are found with. */
  start(roots: readonly string[]): void {
    this.#mounts.places(roots)
    this.#mounts.accept()
  }

  /** Something may have been mounted or unmounted. */
  begin(): void {
    this.#tries = 0
    this.#read()
  }

  /** All that is known has been applied. True when the paths of the table may lead elsewhere than they did. */
  settle(): boolean {
    if (this.#places.size === 0 || this.#crawler.round < this.#round) return false
    if (this.#table.moves !== this.#moves && this.#tries++ < MAX_TRIES) {
      this.#read()
      return false
    }
    this.#mounts.accept()
    const places = [...this.#places.values()]
    this.#places.clear()
    for (const { root, below, unmounted } of places) {
      for (const top of this.#table.roots) {
        const node = top.root!.path === root ? this.#table.find(top, below) : undefined
        if (node === undefined) continue
        this.#crawler.probe(node)
        if (node.wd !== 0 && unmounted !== undefined && node.self?.dev === unmounted)
          this.#unmounted.add(node)
      }
    }
    return true
  }

  /** Where the path of a directory leads is known now. True when it leads elsewhere since it was unmounted. */
  take(node: WatchNode): boolean {
    return this.#unmounted.delete(node)
  }

  #read(): void {
    const roots = new Set(this.#table.roots.map((node) => node.root!.path))
    for (const place of this.#mounts.places([...roots])) {
      this.#places.set(`${place.root}\0${place.below}`, place)
    }
    this.#moves = this.#table.moves
    this.#round = this.#crawler.demandRound()
  }
}
