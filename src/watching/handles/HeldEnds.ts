import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleTable } from './HandleTable.js'
import type { HandleTeller } from './HandleTeller.js'
import type { Suspects } from './Suspects.js'

/** A name, and what has it now. */
export type NewName = Pick<HandleRecord, 'directory' | 'name' | 'target'>

export interface HeldEndsHost {
  /** The last fence that was posted. */
  posted(): number
  /** A record says where a directory was: if it was believed to be elsewhere, that is told first. */
  correctPlace(moved: HandleNode, node: HandleNode, name: string): void
}

/** A directory whose end was told together with its birth: what was in it comes first. */
interface HeldEnd {
  readonly record: HandleRecord
  readonly node: HandleNode
  /** When this fence is read, all that was in it has been read. */
  readonly fence: number
  /** Where it lies has come into sight since, and it was not told to be there. */
  isUntold: boolean
}

/** Holds back the ends of directories of which one record tells that they came and went. */
export class HeldEnds {
  readonly #table: HandleTable
  readonly #teller: HandleTeller
  readonly #suspects: Suspects
  readonly #host: HeldEndsHost
  #held: HeldEnd[] = []

  constructor(table: HandleTable, teller: HandleTeller, suspects: Suspects, host: HeldEndsHost) {
    this.#table = table
    this.#teller = teller
    this.#suspects = suspects
    this.#host = host
  }

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  has(key: string): boolean {
    return this.#held.some(({ record }) => record.target === key)
  }

  /** The directory that a record tells of came to `node`, and went. */
  hold(record: HandleRecord, node: HandleNode): void {
    this.#held.push({ record, node, fence: this.#host.posted() + 1, isUntold: false })
  }

  fencePassed(fence: number): void {
    this.#flush((held) => held.fence <= fence)
  }

  /** Nothing more is read. */
  flush(): void {
    this.#flush(() => true)
  }

  /** A directory goes out of sight. */
  flushBelow(top: HandleNode): void {
    this.#flush(({ node }) => this.#table.contains(top, node))
  }

  /** What was held back of a name has to be told before another has it; what has another name by now ends after that. */
  flushName({ directory, name, target }: NewName): void {
    this.#flush(({ record, node }) => {
      if (record.name !== name || record.directory !== directory || record.target === target) return false
      const child = this.#table.ensure(record.target)
      return child.parent === node && child.name === name
    })
  }

  /** A directory comes into sight: what is held back below it has ended by now, and is not told to be there. */
  hideBelow(top: HandleNode): void {
    const hidden = this.#held.filter(({ record }) => {
      const child = this.#table.ensure(record.target)
      return child !== top && this.#table.contains(top, child)
    })
    for (const held of hidden) {
      held.isUntold = true
      this.#table.unplace(this.#table.ensure(held.record.target))
    }
  }

  /** Tells the ends of those chosen, and of what was in them before that. */
  #flush(isChosen: (held: HeldEnd) => boolean): void {
    if (this.#held.length === 0) return
    const tops = this.#held.filter(isChosen).map(({ record }) => this.#table.ensure(record.target))
    if (tops.length === 0) return
    const isBelow = ({ node }: HeldEnd) => tops.some((top) => this.#table.contains(top, node))
    const ended = this.#held.filter((held) => isChosen(held) || isBelow(held)).reverse()
    this.#held = this.#held.filter((held) => !ended.includes(held))
    for (const held of ended) this.#tell(held)
  }

  #tell({ record, node, isUntold }: HeldEnd): void {
    const { pid, process, target, name } = record
    const child = this.#table.ensure(target)
    // It has been renamed since it was born, and is gone only now.
    const isBack = child.state === 'placed'
    if (isUntold && !isBack) return
    if (isBack) this.#host.correctPlace(child, node, name)
    this.#teller.tell(FAN.DELETE, node, name, true, { target, pid, process, cookie: 0, merged: true })
    // What is still told of what was in it is of the time before that.
    this.#table.displace(child, this.#host.posted() + 1)
    if (isBack) this.#suspects.note(node, name, undefined)
  }
}
