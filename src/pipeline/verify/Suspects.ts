import type { LookCycles } from '../../contracts/index.js'
import type { EventType, FileEvent } from '../../events/index.js'
import type { TreeDifference } from '../../watching/ToldTree.js'
import { Aliases } from './Aliases.js'
import { isAtOrBelow, rawOldPathOf, rawPathOf } from './rawPaths.js'

type Problem = TreeDifference['problem']

/** What was seen of one path. */
interface Suspect {
  /** In a row, looks at which it differed while nothing was told of it. */
  looks: number
  /** Looks without a result, in all. */
  tries: number
  /** The cycles of the source that had begun when the first of them was made. */
  cycle: number
}

export interface SuspectLimits {
  /** A path is a difference when it differs at so many looks in a row. */
  readonly enough: number
  /** It cannot be decided about when so many have been without a result. */
  readonly most: number
}

const treeTypes: ReadonlySet<EventType> = new Set<EventType>([
  'CREATE',
  'DELETE',
  'MOVED_FROM',
  'MOVED_TO',
  'RENAME',
  'DELETE_SELF',
  'MOVE_SELF',
  'UNMOUNT',
])

/** Paths that differed when they were seen last, until it is known whether that is a difference. */
export class Suspects {
  readonly #limits: SuspectLimits
  readonly #aliases = new Aliases()
  #suspects = new Map<string, Suspect>()
  #confirmed: TreeDifference[] = []
  #undecided: string[] = []
  /** How many of them do not only wait for the source. */
  #unripe = 0
  /** What was told of since the last look. */
  #told = new Set<string>()
  #lost = false
  #begun = false

  constructor(limits: SuspectLimits) {
    this.#limits = limits
  }

  /** Those about which nothing is decided. */
  get open(): number {
    return this.#suspects.size
  }

  /** True when there are some, and all of them have differed often enough, so that only the source is waited for. */
  get onlyWait(): boolean {
    return this.open > 0 && this.#unripe === 0
  }

  /** True when something has come or gone since `begin` or the last look. */
  get haveBeenTold(): boolean {
    return this.#told.size > 0 || this.#lost
  }

  /** Directories of which the stream itself says that they are told under another path. */
  get aliases(): number {
    return this.#aliases.size
  }

  begin(): void {
    this.#suspects = new Map()
    this.#confirmed = []
    this.#undecided = []
    this.#forget()
    this.#begun = true
  }

  take(event: FileEvent): void {
    const { eventType } = event
    const isOfTree = treeTypes.has(eventType)
    if (event.controlDetails?.code === 'FSFLOW_ALIAS') this.#aliases.add(rawPathOf(event))
    else if (isOfTree) this.#aliases.take(event)
    if (!this.#begun) return
    if (eventType === 'OVERFLOW' || eventType === 'RECOVERED') this.#lost = true
    if (!isOfTree) return
    this.#told.add(rawPathOf(event))
    if (event.oldPath !== undefined) this.#told.add(rawOldPathOf(event))
  }

  /** `cycles` is how far the source is. */
  add({ path }: TreeDifference, { begun }: LookCycles): void {
    this.#suspects.set(path, { looks: 0, tries: 0, cycle: begun })
  }

  /** Those about which nothing is decided, as they are while one after the other is judged. */
  paths(): IterableIterator<string> {
    return this.#suspects.keys()
  }

  /**
   * Begins another look at all of them. What differs counts only when `isTold`: all that the kernel had reported
   * before has been told. It is a difference when it counted at enough looks in a row and, where the source has to
   * look itself, the source has looked everywhere since the first of them.
   */
  beginLook(isTold: boolean, cycles: LookCycles): (path: string, problem: Problem | undefined) => void {
    // What is told while this look goes on bears on the next one too.
    const told = this.#told
    const lost = this.#lost
    this.#forget()
    const { enough, most } = this.#limits
    this.#unripe = 0
    return (path, problem) => {
      const suspect = this.#suspects.get(path)!
      const counts = isTold && !lost && !isAtOrBelow(path, told) && !isAtOrBelow(path, this.#told)
      if (!counts) suspect.cycle = cycles.begun
      suspect.looks = counts ? suspect.looks + 1 : 0
      if (problem === undefined || this.#aliases.contain(path)) this.#suspects.delete(path)
      else if (suspect.looks < enough) {
        if (++suspect.tries < most) this.#unripe++
        else {
          this.#suspects.delete(path)
          this.#undecided.push(path)
        }
      } else if (!cycles.needed || cycles.ended > suspect.cycle) {
        this.#suspects.delete(path)
        this.#confirmed.push({ problem, path })
      }
    }
  }

  /** The outcome: what differs, and what could not be decided. */
  end(): { differences: TreeDifference[]; undecided: string[] } {
    this.#begun = false
    this.#forget()
    const differences = this.#confirmed.sort((a, b) => (a.path < b.path ? -1 : 1))
    return { differences, undecided: this.#undecided }
  }

  #forget(): void {
    this.#told = new Set()
    this.#lost = false
  }
}
