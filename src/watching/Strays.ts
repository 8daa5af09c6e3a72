import { IN } from '../linux/inotifyMasks.js'
import type { InotifyRecord } from './port.js'
import { PAIR_REACH, type RecordQueue } from './RecordQueue.js'
import type { WatchNode } from './WatchNode.js'

const ARRIVALS = IN.CREATE | IN.MOVED_TO
const ENTRY_CHANGES = ARRIVALS | IN.DELETE | IN.MOVED_FROM
// As many as can come between the two steps in which another processor names an entry and queues what happened to it.
const DEPARTURES = PAIR_REACH

interface Departure {
  readonly node: WatchNode
  readonly name: string
  readonly isDirectory: boolean
  /** Where it went; `undefined` when it is gone from the tree. */
  readonly to: WatchNode | undefined
  readonly toName: string
}

/** A name in a directory. */
export interface Place {
  readonly node: WatchNode
  readonly name: string
}

/**
 * Finds the place of what happened to an entry when its record stands on the wrong side of a birth, a rename or an end.
 *
 * Who writes to a file does not lock the directory: the kernel takes the name first and queues the record second, and
 * a rename of that moment can be queued before or between. So a name that has just been left means the entry where it is
 * now, and one that is not there yet means that which is about to come.
 */
export class Strays {
  readonly #queue: RecordQueue
  readonly #isPast: () => boolean
  readonly #departures: (Departure | undefined)[] = []
  #next = 0
  /** Directories in which a name was awaited that did not come: their names are not all known. */
  readonly #unsure = new WeakSet<WatchNode>()
  #isWaiting = false
  #isExpired = false

  /** `isPast` is true once all has been read that belongs to the head of the queue. */
  constructor(queue: RecordQueue, isPast: () => boolean) {
    this.#queue = queue
    this.#isPast = isPast
  }

  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** What is waited for does not come. */
  expire(): void {
    this.#isExpired = true
  }

  /** An overflow has swallowed what would tell. */
  reset(): void {
    this.#departures.length = 0
    this.#next = 0
    this.#isWaiting = false
  }

  /** An entry has left a name, for another one or for good. */
  left(node: WatchNode, { name, mask }: InotifyRecord, to?: WatchNode, toName = ''): void {
    this.#departures[this.#next] = { node, name, isDirectory: (mask & IN.ISDIR) !== 0, to, toName }
    this.#next = (this.#next + 1) % DEPARTURES
  }

  /** An entry has come to a name. */
  came(node: WatchNode, name: string): void {
    // Elsewhere what was told says more.
    if (node.entries !== undefined) return
    for (let i = 0; i < this.#departures.length; i++) {
      const departure = this.#departures[i]
      if (departure?.node === node && departure.name === name) this.#departures[i] = undefined
    }
  }

  /** True when there is nothing of that name, as far as was told. */
  isStray(node: WatchNode, name: string): boolean {
    // What is there need not have been told.
    if (node.blind !== undefined) return false
    return node.entries === undefined ? this.#departureOf(node, name) !== undefined : !node.entries.has(name)
  }

  /**
   * Where the entry is that the stray record at the head of the queue is about. `gone` when it is nowhere; `later` when
   * it comes in a moment: the record has been put behind that; `unread` when more records are needed to know.
   */
  place(node: WatchNode, record: InotifyRecord): Place | 'gone' | 'later' | 'unread' {
    let place: Place = { node, name: record.name }
    for (let steps = 0; steps <= DEPARTURES && this.isStray(place.node, place.name); steps++) {
      const departure = this.#departureOf(place.node, place.name)
      if (departure?.isDirectory !== ((record.mask & IN.ISDIR) !== 0))
        return steps === 0 ? this.#await(place, record) : 'gone'
      if (departure.to?.alive !== true) return 'gone'
      place = { node: departure.to, name: departure.toName }
    }
    return place
  }

  #await(place: Place, record: InotifyRecord): Place | 'later' | 'unread' {
    const arrival = this.#findArrival(record)
    const isLate = this.#isExpired || this.#unsure.has(place.node)
    this.#isWaiting = arrival < 0 && !isLate && !this.#isPast()
    if (this.#isWaiting) return 'unread'
    this.#isExpired = false
    if (arrival < 0) {
      this.#unsure.add(place.node)
      return place
    }
    this.#queue.delay(arrival)
    return 'later'
  }

  /** Behind which record the entry has come, and what happened to it before; -1 when that has not been read. */
  #findArrival({ wd, name }: InotifyRecord): number {
    const isOfName = (record: InotifyRecord | undefined): record is InotifyRecord =>
      record?.wd === wd && record.name === name
    for (let i = this.#queue.head + 1; i <= this.#queue.head + PAIR_REACH; i++) {
      const record = this.#queue.at(i)
      if (!isOfName(record) || (record.mask & ARRIVALS) === 0) continue
      let last = i
      for (let next = this.#queue.at(last + 1); isOfName(next); next = this.#queue.at(last + 1)) {
        if ((next.mask & ENTRY_CHANGES) !== 0) break
        last++
      }
      return last
    }
    return -1
  }

  #departureOf(node: WatchNode, name: string): Departure | undefined {
    const { length } = this.#departures
    // The latest first.
    for (let back = 1; back <= length; back++) {
      const departure = this.#departures[(this.#next - back + length) % length]
      if (departure?.node === node && departure.name === name) return departure
    }
    return undefined
  }
}
