import type { HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import { Arrival, type EarlierEntry } from './Arrival.js'
import type { HandleNode } from './HandleNode.js'
import type { ForgottenName, HandleQueue } from './HandleQueue.js'
import type { HandleRoots } from './HandleRoots.js'
import type { HandleTable } from './HandleTable.js'
import type { Marking } from './Marking.js'
import { Placement, type LaterPlace } from './Placement.js'
import type { Suspects } from './Suspects.js'

/** What is looked at and changed while the records wait. */
export interface Looking {
  readonly disk: HandleDisk
  readonly table: HandleTable
  readonly roots: HandleRoots
  readonly marking: Marking
  readonly suspects: Suspects
  /** It is not known whether a record told of a name before it was listed as `entry`, or after that. */
  readonly doubt: (name: ForgottenName, entry: EarlierEntry | undefined) => void
  /** Looks once more when all is applied, where not all that happens is reported. */
  readonly recheck: (node: HandleNode) => void
  /** It is not known which of these renames has replaced a directory. */
  readonly mayReplace: (renames: readonly HandleRecord[]) => void
}

/** Something that holds up the records until a fence is read. */
interface Hold {
  readonly fence: number
  /** `end` is where the fence stands in the queue. */
  settle(end: number): void
}

/** Looks at the disk as of the next record: the records wait until what was looked at can be told from what came later. */
export class Holds {
  readonly #queue: HandleQueue
  readonly #looking: Looking
  readonly #post: () => number
  #hold: Hold | undefined
  #posted = 0

  /** `post` queues a fence and returns its number. */
  constructor(queue: HandleQueue, looking: Looking, post: () => number) {
    this.#queue = queue
    this.#looking = looking
    this.#post = post
  }

  /** True while the records wait. */
  get isHeld(): boolean {
    return this.#hold !== undefined
  }

  /** Goes on when the fence has been read; false when it has not. */
  settle(): boolean {
    const hold = this.#hold
    if (hold === undefined) return true
    const end = this.#queue.findFence(hold.fence)
    if (end < 0) return false
    this.#hold = undefined
    hold.settle(end)
    return true
  }

  /** Waits for a fence that is posted now. */
  until(settle: (end: number) => void): void {
    this.#posted = this.#post()
    this.#hold = { fence: this.#posted, settle }
  }

  /** Finds the places of directories. */
  place(keys: readonly string[], then: () => void = () => undefined): void {
    const placement = this.#placement()
    for (const key of keys) placement.seek(key)
    this.#settle(placement, then)
  }

  /** Finds the places of directories that are known, but in doubt; `then` is given those that are not there yet. */
  doubt(keys: readonly string[], then: (later: readonly LaterPlace[]) => void): void {
    const placement = this.#placement()
    for (const key of keys) placement.doubt(key)
    this.#settle(placement, () => then(placement.later))
  }

  #placement(): Placement {
    const { disk, table, marking } = this.#looking
    return new Placement(disk, table, marking)
  }

  #settle(placement: Placement, then: () => void): void {
    this.until((end) => {
      if (!placement.settle(this.#queue, end)) {
        this.#settle(placement, then)
        return
      }
      this.#looking.mayReplace(placement.mayReplace)
      then()
    })
  }

  /** Lists what is in directories, and goes on with `ready` when it is known. */
  enter(nodes: readonly HandleNode[], ready: (arrivals: readonly Arrival[]) => void): void {
    const unplaced = nodes.filter(({ state }) => state !== 'placed').map(({ key }) => key)
    unplaced.push(...this.#looking.roots.takeMountParents())
    if (unplaced.length > 0) this.place(unplaced, () => this.#list(nodes, ready))
    else this.#list(nodes, ready)
  }

  #list(nodes: readonly HandleNode[], ready: (arrivals: readonly Arrival[]) => void): void {
    const { disk, table, marking, suspects, doubt, recheck } = this.#looking
    const isByDirectory = nodes.some(({ key }) => marking.isByDirectory(key))
    const marked = new Set<string>()
    const forgotten: ForgottenName[] = []
    const host = {
      lists: (below: HandleNode) => table.view(below) !== undefined,
      remembers: !isByDirectory,
      prepare: (below: HandleNode) => {
        if (marking.enter(below)) marked.add(below.key)
      },
      isToCome: (key: string) => recheck(table.ensure(key)),
      displace: (below: HandleNode) => {
        marking.leave(below)
        table.displace(below, this.#posted + 1)
      },
    }
    const untold = (node: HandleNode) => {
      marking.leave(node)
      recheck(node)
    }
    const arrivals = nodes.map((node) => new Arrival(disk, table, node, host))
    const wait = (): void => {
      const before = isByDirectory ? this.#post() : 0
      for (const arrival of arrivals) arrival.look()
      this.until((end) => {
        if (marked.size > 0) forgotten.push(...this.#queue.forgetBefore(before, marked))
        marked.clear()
        let isComplete = true
        for (const arrival of arrivals) if (!arrival.settle(this.#queue, end)) isComplete = false
        if (!isComplete) wait()
        else {
          for (const arrival of arrivals) {
            for (const key of arrival.listed()) suspects.forget(key)
            if (isByDirectory) arrival.unreached().forEach((key) => untold(table.ensure(key)))
          }
          for (const name of forgotten) doubt(name, entryOf(arrivals, name))
          ready(arrivals)
        }
      })
    }
    wait()
  }
}

function entryOf(arrivals: readonly Arrival[], { directory, name }: ForgottenName): EarlierEntry | undefined {
  for (const arrival of arrivals) {
    const entry = arrival.entryOf(directory, name)
    if (entry !== undefined) return entry
  }
  return undefined
}
