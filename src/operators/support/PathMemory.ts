import type { FileEvent } from '../../events/index.js'
import { rawOldPathOf } from '../renames/pathBytes.js'
import { effectOf } from './effectOf.js'
import { LinkedQueue, type Link } from './LinkedQueue.js'
import { PathTree, type PathNode } from './PathTree.js'

interface Entry<Value> {
  node: PathNode<Entry<Value>>
  value: Value
  weight: number
  /** Its path before the last rename. */
  from: string | undefined
  /** Its place in the queue of those to be forgotten. */
  link: Link<Entry<Value>> | undefined
}

/**
 * What is known of files, by raw path. It follows births, deaths and renames, and forgets what was not used for
 * longest when all together weigh more than the limit.
 */
export class PathMemory<Value> {
  readonly #limit: number
  readonly #weigh: (value: Value) => number
  readonly #tree = new PathTree<Entry<Value>>()
  readonly #byAge = new LinkedQueue<Entry<Value>>()
  #weight = 0

  /** `weigh` says how much a value counts; by default each counts 1. */
  constructor(limit: number, weigh: (value: Value) => number = () => 1) {
    this.#limit = limit
    this.#weigh = weigh
  }

  /** What all that is known weighs together, never more than the limit. */
  get weight(): number {
    return this.#weight
  }

  get(path: string): Value | undefined {
    const entry = this.#tree.get(path)?.value
    if (entry === undefined) return undefined
    this.#byAge.moveToEnd(entry.link!)
    return entry.value
  }

  /** Keeps a value, unless it alone weighs more than the limit: then nothing is known of the path. */
  set(path: string, value: Value): void {
    const weight = this.#weigh(value)
    if (weight > this.#limit) {
      this.forget(path)
      return
    }
    const known = this.#tree.get(path)?.value
    if (known !== undefined) {
      this.#weight += weight - known.weight
      known.value = value
      known.weight = weight
      this.#byAge.moveToEnd(known.link!)
    } else {
      const entry: Entry<Value> = {
        node: this.#tree.at(path),
        value,
        weight,
        from: undefined,
        link: undefined,
      }
      entry.link = this.#byAge.push(entry)
      entry.node.value = entry
      this.#weight += weight
    }
    while (this.#weight > this.#limit) this.#forget(this.#byAge.first!)
  }

  forget(path: string): void {
    const entry = this.#tree.get(path)?.value
    if (entry !== undefined) this.#forget(entry)
  }

  /** Takes note of what an entry's birth, death or new name means for what is known. */
  follow(event: FileEvent, path: string): void {
    const effect = effectOf(event)
    if (effect !== 'birth' && effect !== 'death') return
    if (event.oldPath === undefined) this.#forgetTree(path)
    else this.#move(rawOldPathOf(event), path)
  }

  #forget(entry: Entry<Value>): void {
    this.#byAge.remove(entry.link!)
    this.#weight -= entry.weight
    this.#leave(entry)
  }

  #forgetTree(path: string): void {
    for (const entry of this.#at(path)) this.#forget(entry)
  }

  #move(from: string, to: string): void {
    const moved = this.#at(from)
    for (const entry of moved) this.#leave(entry)
    this.#forgetTree(to)
    for (const entry of moved) {
      const before = entry.node.path
      entry.node = this.#tree.at(to + before.slice(from.length))
      entry.node.value = entry
      // There and back may be two files that changed places (RENAME_EXCHANGE): then it is not about this one.
      if (entry.from === entry.node.path) this.#forget(entry)
      entry.from = before
    }
  }

  #leave({ node }: Entry<Value>): void {
    node.value = undefined
    this.#tree.release(node)
  }

  /** What is known at the path and below. */
  #at(path: string): Entry<Value>[] {
    const node = this.#tree.get(path)
    if (node === undefined) return []
    return [node, ...this.#tree.below(path)].map(({ value }) => value).filter((entry) => entry !== undefined)
  }
}
