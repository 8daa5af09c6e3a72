import type { FileEvent } from '../../events/index.js'
import type { Outcome } from './foldRules.js'
import { parentOf } from '../renames/pathBytes.js'
import { LinkedQueue, type Link } from '../support/LinkedQueue.js'
import { PathTree, type PathNode } from '../support/PathTree.js'

/** What is pending for one path. */
export interface Burst {
  /** Where it is kept; `undefined` when it is over. */
  node: PathNode<Burst> | undefined
  /** Of a rename: the path that it came from, as far as what was told before goes. */
  source: PathNode<Burst> | undefined
  outcome: Outcome
  /** False when what was told before proves that the path was free. */
  known: boolean
  /** The event that names the burst. */
  lead: FileEvent
  last: FileEvent
  /** When it began, and when its last event came. */
  since: number
  touched: number
  /** Rises from event to event: of the last one, and of the last that made or removed an entry. */
  order: number
  structure: number
  /** Its places in the queues of the store. */
  byLast: Link<Burst> | undefined
  byBeginning: Link<Burst> | undefined
}

/** The bursts of one stream: by path, by departure, by last event and by beginning. */
export class BurstStore {
  readonly #tree = new PathTree<Burst>()
  // All bursts wait equally long, so the next deadline is always at the head of one of these.
  readonly #byLast = new LinkedQueue<Burst>()
  readonly #byBeginning = new LinkedQueue<Burst>()
  #departures = 0
  #order = 0

  /** The one whose last event is the longest ago. */
  get quietest(): Burst | undefined {
    return this.#byLast.first
  }

  /** The one that began the longest ago. */
  get oldest(): Burst | undefined {
    return this.#byBeginning.first
  }

  at(path: string): Burst | undefined {
    return this.#tree.get(path)?.value
  }

  /** Begins a burst at a path that has none. */
  begin(path: string, outcome: Outcome, known: boolean, event: FileEvent, now: number): Burst {
    const node = this.#tree.at(path)
    const burst: Burst = {
      node,
      source: undefined,
      outcome,
      known,
      lead: event,
      last: event,
      since: now,
      touched: now,
      order: 0,
      structure: 0,
      byLast: undefined,
      byBeginning: undefined,
    }
    node.value = burst
    burst.byLast = this.#byLast.push(burst)
    burst.byBeginning = this.#byBeginning.push(burst)
    return burst
  }

  /** Moves the burst to the end of the queue. */
  touch(burst: Burst, now: number, structural: boolean): void {
    burst.touched = now
    burst.order = ++this.#order
    if (structural) burst.structure = burst.order
    this.#byLast.moveToEnd(burst.byLast!)
  }

  /** Moves the bursts, given in the order of their last events, to the end of the queue. */
  touchAll(bursts: readonly Burst[], now: number): void {
    const structural = bursts.filter((burst) => burst.structure > 0)
    for (const burst of structural.sort((a, b) => a.structure - b.structure)) burst.structure = ++this.#order
    for (const burst of bursts) this.touch(burst, now, false)
  }

  /** Moves the burst to another path, where there is none. */
  move(burst: Burst, path: string): void {
    const left = burst.node!
    burst.node = this.#tree.at(path)
    burst.node.value = burst
    left.value = undefined
    this.#tree.release(left)
  }

  /** Notes where a renamed path came from; `undefined`: nowhere. */
  setSource(burst: Burst, path: string | undefined): void {
    const before = burst.source
    burst.source = path === undefined ? undefined : this.#tree.at(path)
    if (burst.source !== undefined) {
      burst.source.departed = burst
      this.#departures++
    }
    if (before === undefined) return
    this.#departures--
    if (before.departed === burst && before !== burst.source) before.departed = undefined
    this.#tree.release(before)
  }

  remove(burst: Burst): void {
    if (burst.node === undefined) return
    this.setSource(burst, undefined)
    this.#byLast.remove(burst.byLast!)
    this.#byBeginning.remove(burst.byBeginning!)
    burst.node.value = undefined
    this.#tree.release(burst.node)
    burst.node = undefined
  }

  /** A pending rename away from the path, or from a directory that it lies in. */
  departedFrom(path: string): Burst | undefined {
    if (this.#departures === 0) return undefined
    for (let at = path; at !== ''; at = parentOf(at)) {
      const departed = this.#tree.get(at)?.departed
      if (departed !== undefined) return departed
    }
    return undefined
  }

  /** Pending renames away from below the path. */
  departedFromBelow(path: string): Burst[] {
    if (this.#departures === 0) return []
    return inOrder(this.#tree.below(path).map((node) => node.departed))
  }

  /** The bursts below the path, in the order of their last events. */
  below(path: string): Burst[] {
    return inOrder(this.#tree.below(path).map((node) => node.value))
  }

  clear(): void {
    this.#tree.clear()
    this.#byLast.clear()
    this.#byBeginning.clear()
    this.#departures = 0
  }
}

function inOrder(bursts: (Burst | undefined)[]): Burst[] {
  return bursts.filter((burst) => burst !== undefined).sort((a, b) => a.order - b.order)
}
