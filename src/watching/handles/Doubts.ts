import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import type { LaterPlace } from './Placement.js'

/** Directories that were renamed several times while nobody read: a rename of them may not have been told. */
export class Doubts {
  #keys: string[] = []
  #later: readonly LaterPlace[] = []

  add(key: string): void {
    this.#keys.push(key)
  }

  /** These are in doubt again when a record is applied. */
  addLater(later: readonly LaterPlace[]): void {
    this.#later = [...this.#later, ...later]
  }

  applied(record: HandleRecord): void {
    if (this.#later.length > 0) this.#addDue((later) => later.record === record)
  }

  /** Takes all that are to be looked up now; at rest, those too that were put off. */
  take(isAtRest: boolean): readonly string[] {
    if (isAtRest && this.#later.length > 0) this.#addDue(() => true)
    const keys = this.#keys
    if (keys.length > 0) this.#keys = []
    return keys
  }

  #addDue(isDue: (later: LaterPlace) => boolean): void {
    for (const later of this.#later) if (isDue(later)) this.#keys.push(later.key)
    this.#later = this.#later.filter((later) => !isDue(later))
  }
}
