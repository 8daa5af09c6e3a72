import { Subject, type Observable } from 'rxjs'
import type { FileEvent } from '../../events/index.js'
import { rawOldPathOf } from '../renames/pathBytes.js'
import { effectOf } from '../support/effectOf.js'
import { PathTree, type PathNode } from '../support/PathTree.js'

/**
 * `open`: the file is to be read; `settled`: no need to, for a later event of the same file stands for this one;
 * `astray`: no use, for the path means another file by now.
 */
export type ChangeState = 'open' | 'settled' | 'astray'

/** A change of content that waits for its turn. */
export interface Change {
  readonly event: FileEvent
  readonly path: string
  readonly since: number
  state: ChangeState
}

/** The last change of each file that is waiting, and what later events mean for it. */
export class PendingChanges {
  readonly #tree = new PathTree<Change>()
  readonly #stirred = new Subject<void>()

  /** Emits when the state of some change may have changed. */
  get stirred(): Observable<void> {
    return this.#stirred
  }

  add(event: FileEvent, path: string, since: number): Change {
    const change: Change = { event, path, since, state: 'open' }
    const node = this.#tree.at(path)
    const before = node.value
    node.value = change
    if (before !== undefined) {
      before.state = 'settled'
      this.#stirred.next()
    }
    return change
  }

  /** Its turn has come: nothing that follows concerns it. */
  remove(change: Change): void {
    const node = this.#tree.get(change.path)
    if (node?.value === change) this.#leave(node)
  }

  /** Takes note of an event that is no change of content. */
  disturb(event: FileEvent, path: string): void {
    const effect = effectOf(event)
    if (effect !== 'birth' && effect !== 'death') return
    const deleted = event.eventType === 'DELETE' || event.eventType === 'DELETE_SELF'
    this.#endAt(path, deleted ? 'settled' : 'astray')
    if (event.oldPath !== undefined) this.#endAt(rawOldPathOf(event), 'astray')
  }

  stir(): void {
    this.#stirred.next()
  }

  #endAt(path: string, state: ChangeState): void {
    const node = this.#tree.get(path)
    if (node === undefined) return
    for (const each of [node, ...this.#tree.below(path)]) {
      if (each.value === undefined) continue
      each.value.state = state
      this.#leave(each)
    }
    this.#stirred.next()
  }

  #leave(node: PathNode<Change>): void {
    node.value = undefined
    this.#tree.release(node)
  }
}
