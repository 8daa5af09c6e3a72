import type { FileEvent } from '../../events/index.js'
import type { ContentFound } from '../../linux/contentReader.js'
import type { ContentStore } from '../../linux/store/contentStore.js'
import { PathMemory } from '../support/PathMemory.js'

/** What is more to say of what a file held at the start. */
interface AtStart {
  /** When that was read, in microseconds; `undefined` for what an event told. */
  readonly readAt: number | undefined
}

/** The content of a file that was seen last. */
interface Seen extends Omit<ContentFound, 'bytes'>, AtStart {
  /** Absent when a store keeps them. */
  readonly bytes: Uint8Array | undefined
}

// What an entry takes beside its bytes: the path, the digest and the places in tree and queue.
const ENTRY_BYTES = 600

/**
 * What files held last, by path, in bounded memory: the bytes themselves, or which ones a store has. What a store has
 * is kept in memory as well, as far as there is room: most files change several times in a row.
 */
export class LastContents {
  readonly #memory: PathMemory<Seen>
  readonly #store: ContentStore | undefined
  readonly #recent: PathMemory<Uint8Array>

  constructor(maxMemory: number, store: ContentStore | undefined) {
    const half = store === undefined ? maxMemory : maxMemory / 2
    this.#recent = new PathMemory(half, ({ length }) => ENTRY_BYTES + length)
    this.#memory = new PathMemory(half, ({ bytes }) => ENTRY_BYTES + (bytes?.length ?? 0))
    this.#store = store
  }

  /** Bytes of memory that all of it takes. */
  get heldBytes(): number {
    return this.#memory.weight + this.#recent.weight
  }

  /** What was seen last, with its bytes. */
  seen(path: string): (ContentFound & AtStart) | undefined {
    const seen = this.#memory.get(path)
    const bytes = seen && (seen.bytes ?? this.bytesOf(path, seen.sha256))
    return bytes && { ...seen, bytes }
  }

  /** The version of the file that was seen last. */
  versionAt(path: string): string | undefined {
    return this.#memory.get(path)?.version
  }

  /** Takes note of the content of a file; `readAt`, in microseconds: of what it held at the start. */
  set(path: string, { bytes, ...found }: ContentFound, readAt?: number): void {
    if (this.#store !== undefined) this.#recent.set(found.sha256, bytes)
    this.#memory.set(path, { ...found, readAt, bytes: this.#store === undefined ? bytes : undefined })
  }

  /** The bytes of a content that was the last one of a path, as long as they are kept. */
  bytesOf(path: string, sha256: string): Uint8Array | undefined {
    if (this.#store !== undefined) return this.#recent.get(sha256) ?? this.#store.get(sha256)
    const seen = this.#memory.get(path)
    return seen?.sha256 === sha256 ? seen.bytes : undefined
  }

  forget(path: string): void {
    this.#memory.forget(path)
  }

  /** Takes note of what a birth, a death or a new name means for what is known. */
  follow(event: FileEvent, path: string): void {
    this.#memory.follow(event, path)
  }
}
