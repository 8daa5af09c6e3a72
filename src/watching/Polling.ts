import type { WatchNode } from './WatchNode.js'

/**
 * Why a directory is looked at from time to time: it is beyond the watch limit; not all that changes in it gives
 * records; it could not be visited for a reason that may pass; its path may lead elsewhere without a record, as through
 * a link.
 */
export type PollReason = 'unwatched' | 'blind' | 'failing' | 'path'

/** The directories that are looked at from time to time, one after the other, in cycles. */
export class Polling {
  readonly #reasons = new Map<WatchNode, PollReason>()
  #cycle: Iterator<readonly [WatchNode, PollReason], undefined> | undefined
  #unwatched = 0

  get size(): number {
    return this.#reasons.size
  }

  /** Directories beyond the watch limit. */
  get unwatched(): number {
    return this.#unwatched
  }

  /** True between two cycles. */
  get isCycleOver(): boolean {
    return this.#cycle === undefined
  }

  /** `undefined` takes it out. Returns the reason that there was before. */
  set(node: WatchNode, reason: PollReason | undefined): PollReason | undefined {
    const before = this.#reasons.get(node)
    if (before === 'unwatched') this.#unwatched--
    if (reason === 'unwatched') this.#unwatched++
    if (reason === undefined) this.#reasons.delete(node)
    else this.#reasons.set(node, reason)
    return before
  }

  /** The next ones of the cycle, with about so many entries together; begins a new cycle behind the last one. */
  next(entries: number): (readonly [WatchNode, PollReason])[] {
    const nodes: (readonly [WatchNode, PollReason])[] = []
    this.#cycle ??= this.#reasons.entries()
    for (let left = entries; left > 0;) {
      const next = this.#cycle.next()
      if (next.done === true) {
        this.#cycle = undefined
        break
      }
      const [node] = next.value
      if (!node.alive) {
        this.set(node, undefined)
        continue
      }
      nodes.push(next.value)
      left -= 1 + (node.entries?.size ?? 0)
    }
    return nodes
  }
}
