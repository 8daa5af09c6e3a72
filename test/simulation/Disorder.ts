import type { SimulatedInotify } from '../../src/testing/simulatedInotify.js'
import type { InotifyRecord } from '../../src/watching/port.js'

/**
 * The records of a simulated queue in another order than that in which things were done: who writes to a file takes its
 * name and queues the record in two steps, and what another processor does meanwhile in the directory can be queued
 * between, or be done before and queued after.
 */
export class Disorder {
  readonly #kernel: SimulatedInotify
  readonly #records: InotifyRecord[] = []
  #late: InotifyRecord[] = []
  /** Where the records of what was done last begin. */
  #last = 0

  constructor(kernel: SimulatedInotify) {
    this.#kernel = kernel
  }

  get length(): number {
    return this.#records.length + this.#late.length + this.#kernel.queued
  }

  read(count = Infinity): InotifyRecord[] {
    if (this.#records.length < count || this.#late.length > 0) {
      this.#take()
      this.#end()
    }
    const taken = this.#records.splice(0, count)
    this.#last = Math.max(0, this.#last - taken.length)
    return taken
  }

  /** A thread takes records out of the kernel's queue, for those who read. */
  drain(count: number): void {
    this.#records.push(...this.#kernel.read(count))
  }

  do(action: () => void): void {
    if (this.#late.length > 0) this.#take()
    this.#last = this.#records.length + this.#kernel.queued
    action()
    if (this.#late.length > 0) {
      this.#take()
      this.#end()
    }
  }

  /** What is done next comes before the records of this. */
  late(action: () => void): void {
    this.#take()
    this.#end()
    action()
    this.#late = this.#kernel.read()
  }

  /** The records of this come before those of what was done last. */
  early(action: () => void): void {
    this.#take()
    this.#end()
    action()
    this.#records.splice(this.#last, 0, ...this.#kernel.read())
  }

  #take(): void {
    this.#records.push(...this.#kernel.read())
  }

  #end(): void {
    this.#records.push(...this.#late)
    this.#late = []
  }
}
