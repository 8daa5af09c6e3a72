import type { FileEvent } from '../../events/index.js'
import { BurstStore, type Burst } from './BurstStore.js'
import { composed, leads, outcomes } from './foldRules.js'
import { effectOf, type Effect } from '../support/effectOf.js'
import { asCreate, asDelete, newPath, oldPath, underRenamed } from '../renames/movedPath.js'
import { rawOldPathOf, rawPathOf } from '../renames/pathBytes.js'
import type { PathNode } from '../support/PathTree.js'
import { mayReplace } from '../renames/replacingBirths.js'

/**
 * Folds the events of one stream to one event a path and burst.
 *
 * A consumer that applies what comes out ends with what it would hold after applying what went in, although paths
 * are told in another order. So whatever depends on order is told in order (a directory before what is in it), and
 * what one event for the path could not express is told at once.
 */
export class PendingBursts {
  readonly store = new BurstStore()
  readonly #leading: boolean
  readonly #emit: (event: FileEvent) => void

  constructor(leading: boolean, emit: (event: FileEvent) => void) {
    this.#leading = leading
    this.#emit = emit
  }

  take(event: FileEvent, now: number): void {
    const path = rawPathOf(event)
    this.#endDepartures(path)
    const from = event.oldPath === undefined ? path : rawOldPathOf(event)
    if (from === path) this.#fold(path, event, now)
    else this.#rename(from, path, event, now)
  }

  /** Ends a burst: emits what it amounts to, after what must come before it. */
  end(burst: Burst): void {
    const { node, source } = burst
    if (node === undefined) return
    this.store.remove(burst)
    this.#tell(burst, node, source)
  }

  /** Ends all bursts, in the order of their last events. */
  endAll(): void {
    for (let next = this.store.quietest; next !== undefined; next = this.store.quietest) this.end(next)
  }

  #fold(path: string, event: FileEvent, now: number): void {
    const effect = effectOf(event)
    const structural = effect === 'birth' || effect === 'death'
    if (effect === 'death') this.#bury(path, event, now)
    if (effect === 'birth') this.#makeRoom(path, event)
    const burst = this.store.at(path)
    if (burst === undefined) {
      const known = effect !== 'birth' || mayReplace(event)
      const begun = this.store.begin(path, outcomes.idle[effect], known, event, now)
      this.store.touch(begun, now, structural)
      if (this.#leading) this.#tellAlready(begun)
      return
    }
    if (burst.outcome === 'gone' && !structural) return
    if (burst.outcome === 'renamed' && structural) this.#abandonSource(burst, now)
    add(burst, effect, event)
    this.store.touch(burst, now, structural)
  }

  #rename(from: string, path: string, event: FileEvent, now: number): void {
    this.#endDepartures(from)
    for (const departed of this.store.departedFromBelow(from)) this.end(departed)
    const wasOpen = this.store.at(path) !== undefined
    const known = this.#overwrite(path, event)
    const before = this.store.at(from)
    if (before?.outcome === 'gone') this.end(before)
    const burst = this.store.at(from)
    if (burst === undefined) {
      const begun = this.store.begin(path, 'renamed', known, event, now)
      this.store.setSource(begun, from)
      this.store.touch(begun, now, true)
      this.#carryBelow(from, event, now)
      if (this.#leading && !wasOpen) this.#tellAlready(begun)
    } else {
      this.#carry(burst, from, path, event, now)
      burst.known = known
      burst.last = event
      this.store.touch(burst, now, true)
      this.#carryBelow(from, event, now)
    }
  }

  /** What is pending for the old path of a rename goes on under the new one. */
  #carry(burst: Burst, from: string, path: string, event: FileEvent, now: number): void {
    const { outcome, known, lead } = burst
    this.store.move(burst, path)
    if (outcome === 'born') {
      const { pid, processDetails, processUnknown } = lead
      burst.lead = asCreate(event).with({ pid, processDetails, processUnknown })
      if (known) this.#leaveGone(from, lead.with({ eventType: 'DELETE', cookie: undefined }), now)
    } else if (outcome === 'renamed') {
      burst.lead = event.with({ oldPath: lead.oldPath, oldPathBytes: lead.oldPathBytes })
      if (known) {
        const gone = lead.with({ eventType: 'DELETE', oldPath: undefined, oldPathBytes: undefined })
        this.#leaveGone(from, gone, now)
      }
    } else {
      burst.outcome = 'renamed'
      burst.lead = event
      this.store.setSource(burst, from)
    }
  }

  /** What is pending below a renamed directory comes after it, under its new path. */
  #carryBelow(from: string, event: FileEvent, now: number): void {
    const carried = this.store.below(from)
    const to = rawPathOf(event)
    for (const burst of carried) {
      const same = burst.lead === burst.last
      burst.lead = underRenamed(burst.lead, oldPath(event), newPath(event))
      burst.last = same ? burst.lead : underRenamed(burst.last, oldPath(event), newPath(event))
      this.store.move(burst, to + burst.node!.path.slice(from.length))
    }
    this.store.touchAll(carried, now)
  }

  /** Drops what a rename onto the path makes pointless. Returns whether the path may have been taken. */
  #overwrite(path: string, event: FileEvent): boolean {
    for (const departed of this.store.departedFromBelow(path)) this.end(departed)
    const burst = this.store.at(path)
    const apart =
      burst?.outcome === 'renamed' ||
      (burst?.outcome === 'gone' && burst.known && (burst.lead.isDirectory || event.isDirectory))
    if (apart || this.store.below(path).length > 0) {
      this.#endTree(path)
      return burst?.outcome !== 'gone'
    }
    if (burst === undefined) return true
    this.store.remove(burst)
    return burst.known || burst.outcome === 'touched' || burst.outcome === 'idle'
  }

  /** Before something disappears: what is pending below it goes with it. */
  #bury(path: string, event: FileEvent, now: number): void {
    for (const departed of this.store.departedFromBelow(path)) this.end(departed)
    if (event.eventType === 'MOVED_FROM' && event.isDirectory) {
      // Its MOVED_TO may take along what is below.
      this.#endTree(path)
      return
    }
    for (const burst of this.store.below(path)) {
      if (burst.outcome === 'renamed') this.#abandonSource(burst, now)
      if (burst.outcome !== 'gone' || !burst.known) this.store.remove(burst)
    }
  }

  /** Before something appears: what one event could not tell of a directory that was there is told now. */
  #makeRoom(path: string, event: FileEvent): void {
    for (const departed of this.store.departedFromBelow(path)) this.end(departed)
    const burst = this.store.at(path)
    if (burst?.outcome === 'born' || burst?.outcome === 'renamed') return
    const replaces = burst?.outcome === 'gone' && burst.known && (burst.lead.isDirectory || event.isDirectory)
    if (replaces || this.store.below(path).length > 0) this.#endTree(path)
  }

  /** The old path of a rename whose new path is taken away again: it is gone. */
  #abandonSource(burst: Burst, now: number): void {
    const from = burst.source!.path
    this.store.setSource(burst, undefined)
    this.#leaveGone(from, asDelete(burst.lead), now)
  }

  #leaveGone(path: string, event: FileEvent, now: number): void {
    this.store.touch(this.store.begin(path, 'gone', true, event, now), now, true)
  }

  #endDepartures(path: string): void {
    for (let next = this.store.departedFrom(path); next !== undefined; next = this.store.departedFrom(path)) {
      this.end(next)
    }
  }

  #endTree(path: string): void {
    for (const departed of this.store.departedFromBelow(path)) this.end(departed)
    for (const burst of this.store.below(path)) this.end(burst)
    const burst = this.store.at(path)
    if (burst !== undefined) this.end(burst)
  }

  /** Emits what the burst amounts to; it goes on with nothing pending. */
  #tellAlready(burst: Burst): void {
    const { node, source } = burst
    this.store.setSource(burst, undefined)
    this.#tell(burst, node!, source)
    burst.outcome = 'idle'
    burst.structure = 0
  }

  #tell(burst: Burst, node: PathNode<Burst>, source: PathNode<Burst> | undefined): void {
    if (isSilent(burst)) return
    this.#endAbove(node, burst.order)
    if (source !== undefined) this.#endAbove(source, burst.structure)
    if (burst.outcome === 'gone' && node.children.size > 0) {
      for (const child of this.store.below(node.path)) if (child.order < burst.structure) this.end(child)
    }
    this.#emit(composed(burst.lead, burst.last))
  }

  /** Ends the bursts that make the directories which the node lies in. */
  #endAbove(node: PathNode<Burst>, order: number): void {
    for (let above = node.parent; above !== undefined; above = above.parent) {
      const burst = above.value
      if (burst === undefined || burst.structure === 0 || burst.structure > order) continue
      if (burst.outcome === 'born' || burst.outcome === 'renamed') this.end(burst)
    }
  }
}

function isSilent(burst: Burst): boolean {
  return burst.outcome === 'idle' || (burst.outcome === 'gone' && !burst.known)
}

/** Adds an event to a burst, by the table of outcomes. */
function add(burst: Burst, effect: Effect, event: FileEvent): void {
  const was = burst.outcome
  const structural = effect === 'birth' || effect === 'death'
  burst.outcome = outcomes[was][effect]
  if (was === 'idle') burst.known = effect !== 'birth' || mayReplace(event)
  if (was === 'touched') burst.known = true
  if (was === 'idle' || structural || (was === 'touched' && leads(event, burst.lead))) burst.lead = event
  burst.last = event
}
