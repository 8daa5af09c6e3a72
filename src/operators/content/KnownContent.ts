import type { FileEvent } from '../../events/index.js'
import { PathMemory } from '../support/PathMemory.js'

/** The content of a file that was told last. */
interface Known {
  digest: string
  /** True when a `MODIFY` told it and no `CLOSE_WRITE` has come since. */
  open: boolean
}

/** What a consumer of one stream knows of the content of files: by path, of those that changed last. */
export class KnownContent {
  readonly #memory: PathMemory<Known>

  constructor(maxPaths: number) {
    this.#memory = new PathMemory(maxPaths)
  }

  /**
   * Takes note of the content of a file after a change; `null`: it cannot be known. Returns whether the change is
   * to be told. `closes` says that the event is a `CLOSE_WRITE`, which also tells the end of what was told before.
   */
  learn(path: string, digest: string | null, closes: boolean): boolean {
    if (digest === null) {
      this.#memory.forget(path)
      return true
    }
    const known = this.#memory.get(path)
    if (known === undefined) {
      this.#memory.set(path, { digest, open: !closes })
      return true
    }
    const isNews = known.digest !== digest
    const ends = closes && known.open
    known.digest = digest
    known.open = !closes && (known.open || isNews)
    return isNews || ends
  }

  /** Takes note of what an entry's birth, death or new name means for what is known. */
  follow(event: FileEvent, path: string): void {
    this.#memory.follow(event, path)
  }
}
