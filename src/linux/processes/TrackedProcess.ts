import type { HandleKey } from '../fanotify/HandleRecord.js'
import { detached } from '../rawPath.js'
import type { EventProcess, ProcessAncestor, ProcessDetails } from '../../events/index.js'

/** What a process is at a time: replaced as a whole whenever something of it changes. */
export interface ProcessImage {
  readonly name: string | null
  /** True when the name is only that of the file that was executed. */
  readonly isNameInferred: boolean
  readonly exePath: string | null
  /** Device and inode of the executable. */
  readonly identity: string | null
  readonly cmdline: readonly string[] | null
  /** Effective, as is the group. */
  readonly uid: number | null
  readonly gid: number | null
  /** The file that was executed, where the kernel told of it; and how many execs there have been. */
  readonly key: HandleKey | null
  readonly execs: number
}

export const unknownImage: ProcessImage = {
  name: null,
  isNameInferred: false,
  exePath: null,
  identity: null,
  cmdline: null,
  uid: null,
  gid: null,
  key: null,
  execs: 0,
}

/** The parent of a process, as it was when it started it. */
export interface Parent {
  readonly process: TrackedProcess
  readonly image: ProcessImage
}

/** How a process ended. */
export interface ProcessExit {
  /** The turn in which it was learned. */
  readonly turn: number
  /** The parent at that time; `null` where the kernel does not tell. */
  readonly parent: number | null
}

/** Where a process that goes on starting the next and ends would make an endless chain, it is cut. */
const MAX_CHAIN = 256
const MAX_OPENED = 64

/** One process: its number and start identify it. */
export class TrackedProcess {
  readonly pid: number
  /** Milliseconds since boot. */
  readonly startedAt: number
  /** What it is at the end of the last turn. */
  image: ProcessImage
  parent: Parent | null = null
  /** Between which times (CLOCK_MONOTONIC, ms) it was read from /proc; the fork told of it where both are 0. */
  readonly readFrom: number
  readonly readTo: number
  exit: ProcessExit | null = null
  /** When it executed something last, by CLOCK_MONOTONIC in ms; -Infinity when that is not known. */
  execAt = -Infinity
  #depth = 0
  // What it was before `image`, as far as events may still be of that time; and how far they have come: to which of
  // these, to which exec, and what they told to have been opened since.
  #turn = 0
  #earlier: { readonly image: ProcessImage; readonly until: number }[] = []
  #reached = 0
  #told: number
  #opened: HandleKey[] = []

  constructor(pid: number, startedAt: number, image: ProcessImage, readFrom = 0, readTo = 0) {
    this.pid = pid
    this.startedAt = startedAt
    this.image = image
    this.#told = image.execs
    this.readFrom = readFrom
    this.readTo = readTo
  }

  change(changes: Partial<ProcessImage>, turn: number): void {
    this.#enter(turn)
    this.#earlier.push({ image: this.image, until: turn })
    this.image = { ...this.image, ...changes }
  }

  /** Notes that it opened a file to execute it, in its place among the events. */
  opens(key: HandleKey): void {
    if (this.#opened.length >= MAX_OPENED) this.#opened.shift()
    this.#opened.push(detached(key))
  }

  /**
   * What it may have been at the event that is handled now: all that lies between the exec that the events have
   * told of and the next one that they have yet to tell of.
   */
  imagesAtEvent(turn: number): readonly ProcessImage[] {
    this.#enter(turn)
    const images = [...this.#earlier.map(({ image }) => image), this.image]
    this.#reach(images)
    const { execs, key } = images[this.#reached]!
    // The kernel merges equal records: the second exec of one program may not be among the events.
    const end = images.findIndex((image) => image.execs > execs && image.key !== null && image.key !== key)
    return images.slice(this.#reached, end < 0 ? images.length : end)
  }

  /** The connector is read after the events: what it told of in one turn may come after events of the next one. */
  #enter(turn: number): void {
    if (this.#turn === turn) return
    this.#turn = turn
    this.#reach([...this.#earlier.map(({ image }) => image), this.image])
    this.#earlier = this.#earlier.slice(this.#reached).filter(({ until }) => until >= turn - 1)
    this.#reached = 0
  }

  #reach(images: readonly ProcessImage[]): void {
    for (let i = 0; i < this.#opened.length;) {
      const opened = this.#opened[i]
      const next = images.findIndex(({ execs, key }) => execs > this.#told && key === opened)
      if (next < 0) i++
      else {
        this.#reached = Math.max(this.#reached, next)
        this.#told = images[next]!.execs
        // What was opened before was a script, a loader, or not executed after all.
        this.#opened = this.#opened.slice(i + 1)
        i = 0
      }
    }
  }

  bornOf(process: TrackedProcess): void {
    this.parent = { process, image: process.image }
    this.#depth = process.#depth + 1
    if (this.#depth < 2 * MAX_CHAIN) return
    let last = process
    for (let i = 1; i < MAX_CHAIN && last.parent !== null; i++) last = last.parent.process
    last.parent = null
    this.#depth = MAX_CHAIN
  }
}

/** A process at the time of an event. */
export class ProcessAtEvent implements EventProcess {
  readonly details: ProcessDetails
  readonly #parent: Parent | null
  #ancestors: readonly ProcessAncestor[] | null | undefined

  constructor(details: ProcessDetails, parent: Parent | null) {
    this.details = details
    this.#parent = parent
  }

  get ancestors(): readonly ProcessAncestor[] | null {
    this.#ancestors ??= this.#list()
    return this.#ancestors
  }

  #list(): readonly ProcessAncestor[] | null {
    if (this.#parent === null) return this.details.ppid === 0 ? [] : null
    const list: ProcessAncestor[] = []
    for (let at: Parent | null = this.#parent; at !== null; at = at.process.parent) {
      list.push({ pid: at.process.pid, name: at.image.name, exePath: at.image.exePath })
    }
    return list
  }
}
