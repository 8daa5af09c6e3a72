import type { FileEvent } from '../../events/index.js'
import { rawOldPathOf } from '../renames/pathBytes.js'
import { effectOf } from '../support/effectOf.js'
import { LinkedQueue, type Link } from '../support/LinkedQueue.js'
import { PathTree, type PathNode } from '../support/PathTree.js'

/** The content of a file that was told last. */
interface Known {
  node: PathNode<Known>
  digest: string
  /** True when a `MODIFY` told it and no `CLOSE_WRITE` has come since. */
  open: boolean
  /** Its path before the last rename. */
  from: string | undefined
  /** Its place in the queue of those to be forgotten. */
  link: Link<Known> | undefined
}

/** What a consumer of one stream knows of the content of files: by path, of those that changed last. */
export class KnownContent {
  readonly #maxPaths: number
  readonly #tree = new PathTree<Known>()
  readonly #byAge = new LinkedQueue<Known>()
  #count = 0

  constructor(maxPaths: number) {
    this.#maxPaths = maxPaths
  }

  /**
   * Takes note of the content of a file after a change; `null`: it cannot be known. Returns whether the change is
   * to be told. `closes` says that the event is a `CLOSE_WRITE`, which also tells the end of what was told before.
   */
  learn(path: string, digest: string | null, closes: boolean): boolean {
    const known = this.#tree.get(path)?.value
    if (digest === null) {
      if (known !== undefined) this.#forget(known)
      return true
    }
    if (known === undefined) {
      this.#remember(path, digest, !closes)
      return true
    }
    this.#byAge.moveToEnd(known.link!)
    const isNews = known.digest !== digest
    const ends = closes && known.open
    known.digest = digest
    known.open = !closes && (known.open || isNews)
    return isNews || ends
  }

  /** Takes note of what an entry's birth, death or new name means for what is known. */
  follow(event: FileEvent, path: string): void {
    const effect = effectOf(event)
    if (effect !== 'birth' && effect !== 'death') return
    if (event.oldPath === undefined) this.#forgetTree(path)
    else this.#move(rawOldPathOf(event), path)
  }

  #remember(path: string, digest: string, open: boolean): void {
    const known: Known = { node: this.#tree.at(path), digest, open, from: undefined, link: undefined }
    known.link = this.#byAge.push(known)
    known.node.value = known
    this.#count++
    if (this.#count > this.#maxPaths) this.#forget(this.#byAge.first!)
  }

  #forget(known: Known): void {
    this.#byAge.remove(known.link!)
    this.#count--
    this.#leave(known)
  }

  #forgetTree(path: string): void {
    for (const known of this.#at(path)) this.#forget(known)
  }

  #move(from: string, to: string): void {
    const moved = this.#at(from)
    for (const known of moved) this.#leave(known)
    this.#forgetTree(to)
    for (const known of moved) {
      const before = known.node.path
      known.node = this.#tree.at(to + before.slice(from.length))
      known.node.value = known
      // There and back may be two files that changed places (RENAME_EXCHANGE): then it is not about this one.
      if (known.from === known.node.path) this.#forget(known)
      known.from = before
    }
  }

  #leave({ node }: Known): void {
    node.value = undefined
    this.#tree.release(node)
  }

  /** What is known at the path and below. */
  #at(path: string): Known[] {
    const node = this.#tree.get(path)
    if (node === undefined) return []
    return [node, ...this.#tree.below(path)].map(({ value }) => value).filter((known) => known !== undefined)
  }
}
