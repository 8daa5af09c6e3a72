import { setTimeout as delay } from 'node:timers/promises'
import type { Observable, Subscription } from 'rxjs'
import type { LookCycles } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import type { DiskTree, FoundEntry } from '../../watching/DiskTree.js'
import { ToldTree, type TreeDifference } from '../../watching/ToldTree.js'
import { isAtOrBelow } from './rawPaths.js'
import { Suspects } from './Suspects.js'
import { ToldSoFar } from './ToldSoFar.js'

export interface VerificationOptions {
  /** Milliseconds without an event after which all that happened before has been told. Default 250. */
  readonly quiet?: number
  /** How far the source is with looking for what no record tells it; default: it never looks. */
  readonly looks?: () => LookCycles | undefined
}

/** What one comparison of the told tree with the disk has found. */
export interface Comparison {
  /** Entries on the disk. */
  readonly entries: number
  readonly differences: readonly TreeDifference[]
  /** Paths that differed at many looks, but were told of in between: nothing can be said of them. */
  readonly undecided: number
  /** Directories that could not be read. */
  readonly unreadable: number
  readonly durationMs: number
}

const QUIET_MS = 250
const LIMITS = { enough: 3, most: 24 }
const NO_LOOKS: LookCycles = { needed: false, begun: 0, ended: 0 }
// Milliseconds of the main thread between two chances for events to be applied.
const SLICE_MS = 10

/**
 * Keeps what a stream of events has told, and compares it with the disk when asked.
 *
 * Nothing is written to the disk to find out how far the stream is. Instead, a path that differs is looked at
 * again, each time after the stream has told all that the kernel had reported before, and it counts as a difference
 * when it goes on to differ while nothing is told of it. Where the source looks for changes itself (what it polls),
 * it must have looked everywhere meanwhile.
 */
export class Verification {
  readonly tree = new ToldTree()
  /** Resolves when the first listing is in the tree; rejects when the stream ends before. */
  readonly ready: Promise<void>
  /** Resolves when the stream has completed; rejects with its error. */
  readonly done: Promise<void>
  readonly #disk: Pick<DiskTree, 'directories' | 'kindOf' | 'unreadable'>
  readonly #told: ToldSoFar
  readonly #suspects = new Suspects(LIMITS)
  readonly #looks: () => LookCycles | undefined
  readonly #quiet: number
  readonly #subscription: Subscription
  /** Paths of which the first listing may be wrong, since they were told of while it was taken. */
  #unsure: ReadonlySet<string> = new Set()
  #ended = false
  #queue: Promise<unknown> = Promise.resolve()
  #adopted = 0

  constructor(
    events: Observable<FileEvent>,
    disk: Pick<DiskTree, 'directories' | 'kindOf' | 'unreadable'>,
    { quiet = QUIET_MS, looks = () => undefined }: VerificationOptions = {},
  ) {
    this.#disk = disk
    this.#looks = looks
    this.#quiet = quiet
    this.#told = new ToldSoFar(quiet)
    let start: () => void = () => undefined
    const started = new Promise<void>((resolve) => (start = resolve))
    let end: { resolve(): void; reject(error: unknown): void }
    this.done = new Promise((resolve, reject) => (end = { resolve, reject }))
    this.ready = Promise.race([started.then(() => this.#takeListing()), this.#unexpectedEnd()])
    // Who waits for one of them only must not be told of the other.
    this.done.catch(() => undefined)
    this.ready.catch(() => undefined)
    this.#subscription = events.subscribe({
      next: (event) => {
        this.#take(event)
        if (event.eventType === 'MONITOR_START') start()
      },
      error: (error: unknown) => {
        this.#ended = true
        end.reject(error)
      },
      complete: () => {
        this.#ended = true
        end.resolve()
      },
    })
  }

  /** Events so far. */
  get events(): number {
    return this.#told.events
  }

  /** Overflows of the kernel's queue so far. */
  get overflows(): number {
    return this.#told.overflows
  }

  /** What the first listing had wrong, since the tree changed under it, and was put right from the disk. */
  get adopted(): number {
    return this.#adopted
  }

  /** Directories of which the stream itself says that they are told under another path only. */
  get aliases(): number {
    return this.#suspects.aliases
  }

  /** Compares now; calls follow each other. Rejects when the stream ends before the end of the comparison. */
  compare(): Promise<Comparison> {
    const result = this.#queue.then(() => this.ready).then(() => this.#compare())
    this.#queue = result.catch(() => undefined)
    return result
  }

  /** Lets go of the stream. */
  close(): void {
    this.#ended = true
    this.#subscription.unsubscribe()
  }

  #take(event: FileEvent): void {
    this.#told.take(event)
    this.tree.apply(event)
    this.#suspects.take(event)
  }

  async #unexpectedEnd(): Promise<never> {
    await this.done
    throw new Error('the stream ended before it was ready')
  }

  /** The tree changes while it is listed: what does not agree afterwards is corrected, once. */
  async #takeListing(): Promise<void> {
    this.#suspects.begin()
    await this.#walk((path, entries) => {
      for (const { name, isDirectory } of entries) {
        this.tree.set(path === '/' ? `/${name}` : `${path}/${name}`, isDirectory)
      }
    })
    await this.#told.upToNow(() => this.#ended)
    if (!this.#suspects.haveBeenTold) return
    const { differences, undecided } = await this.#judge()
    for (const { path } of differences) this.#adopt(path)
    this.#unsure = new Set(undecided)
  }

  async #compare(): Promise<Comparison> {
    const startedAt = performance.now()
    await this.#told.upToNow(() => this.#ended)
    const { entries, differences, undecided } = await this.#judge()
    const real: TreeDifference[] = []
    for (const difference of differences) {
      if (isAtOrBelow(difference.path, this.#unsure)) this.#adopt(difference.path)
      else real.push(difference)
    }
    this.#unsure = new Set(undecided.filter((path) => isAtOrBelow(path, this.#unsure)))
    const durationMs = performance.now() - startedAt
    const { unreadable } = this.#disk
    return { entries, differences: real, undecided: undecided.length, unreadable, durationMs }
  }

  /** Lists the disk, and looks at what differs until it is known why. */
  async #judge(): Promise<{ entries: number; differences: TreeDifference[]; undecided: string[] }> {
    const suspects = this.#suspects
    suspects.begin()
    let count = 0
    await this.#walk((path, entries) => {
      count += entries.length
      for (const difference of this.tree.differencesIn(path, entries)) suspects.add(difference, this.#cycles)
    })
    while (suspects.open > 0) {
      const isTold = await this.#told.upToNow(() => this.#ended)
      this.#requireStream()
      const cycles = this.#cycles
      await this.#look(isTold, cycles)
      if (suspects.onlyWait) await this.#nextCycle(cycles)
    }
    this.#requireStream()
    return { entries: count, ...suspects.end() }
  }

  /** Waits for the source to come to the end of a cycle, or for something that bears on the suspects. */
  async #nextCycle({ ended }: LookCycles): Promise<void> {
    const isWaiting = (): boolean => {
      const now = this.#cycles
      return now.needed && now.ended === ended && !this.#suspects.haveBeenTold && !this.#ended
    }
    while (isWaiting()) await delay(this.#quiet)
  }

  get #cycles(): LookCycles {
    return this.#looks() ?? NO_LOOKS
  }

  /** What is wrong with a path now. */
  #problemOf(path: string): TreeDifference['problem'] | undefined {
    const real = this.#disk.kindOf(path)
    const told = this.tree.get(path)
    if (real === null || real === told) return undefined
    return real === undefined ? 'extra' : told === undefined ? 'missing' : 'kind'
  }

  #adopt(path: string): void {
    const real = this.#disk.kindOf(path)
    if (real === null || real === this.tree.get(path)) return
    this.tree.set(path, real)
    this.#adopted++
  }

  async #walk(use: (path: string, entries: readonly FoundEntry[]) => void): Promise<void> {
    const slice = new Slice()
    for (const found of this.#disk.directories()) {
      if (found !== undefined) use(found.path, found.entries)
      if (slice.isOver) await slice.pause()
      this.#requireStream()
    }
  }

  async #look(isTold: boolean, cycles: LookCycles): Promise<void> {
    const slice = new Slice()
    const judge = this.#suspects.beginLook(isTold, cycles)
    for (const path of this.#suspects.paths()) {
      judge(path, this.#problemOf(path))
      if (slice.isOver) await slice.pause()
      this.#requireStream()
    }
  }

  #requireStream(): void {
    if (this.#ended) throw new Error('the stream ended before the end of the comparison')
  }
}

/** Lets events be applied from time to time. */
class Slice {
  #since = performance.now()

  get isOver(): boolean {
    return performance.now() - this.#since > SLICE_MS
  }

  async pause(): Promise<void> {
    await delay(0)
    this.#since = performance.now()
  }
}
