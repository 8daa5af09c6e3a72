import type { OwnAct, OwnFile, SourceRequest } from '../../contracts/index.js'
import type { EventType } from '../../events/index.js'
import { rawFromText } from '../../linux/rawPath.js'

// Names that sinks have done with long ago are forgotten.
const namesKept = 1000

// Told of a file that has a name of its own, these are the doing of its sink, or of others reading or writing it.
const nameTypes: ReadonlySet<EventType> = new Set(['CREATE', 'DELETE', 'MOVED_FROM', 'MOVED_TO'])

/** The last part of a path, as the kernel has it. */
export function rawName(path: string): string {
  return rawFromText(path.slice(path.lastIndexOf('/') + 1))
}

/**
 * What sinks do to names beside those of their files, as a rotation does.
 *
 * Each name is used once, so that it does without its directory. What a sink has announced is left out once; what
 * others do to such a name is told.
 */
export class OwnActs {
  readonly #onFile: (file: OwnFile) => void
  /** How often an act is still to come, by type and name. */
  readonly #expected = new Map<string, number>()
  readonly #names = new Set<string>()
  /** Of the rename whose first half was left out. */
  #cookie = 0

  /** `onFile` is called for each further file that a sink writes, while it has the path that it is announced by. */
  constructor(onFile: (file: OwnFile) => void) {
    this.#onFile = onFile
  }

  /** Returns what ends it. */
  follow({ announced }: SourceRequest): () => void {
    const following = announced?.subscribe((own) => {
      if ('type' in own) this.#expect(own)
      else this.#onFile(own)
    })
    return () => following?.unsubscribe()
  }

  /** True for the event of an act, and for what happens to the content of the file of such a name. */
  has(type: EventType, name: string, cookie: number): boolean {
    if (type === 'MOVED_TO' && cookie !== 0 && cookie === this.#cookie) return true
    // Mostly there are none: then names need not be hashed.
    if (this.#names.size === 0 || !this.#names.has(name)) return false
    if (!nameTypes.has(type)) return true
    const key = `${type} ${name}`
    const left = (this.#expected.get(key) ?? 0) - 1
    if (left < 0) return false
    if (left === 0) this.#expected.delete(key)
    else this.#expected.set(key, left)
    if (type === 'MOVED_FROM') this.#cookie = cookie
    return true
  }

  #expect({ type, path }: OwnAct): void {
    const name = rawName(path)
    this.#names.delete(name)
    this.#names.add(name)
    forgetOldest(this.#names)
    if (type === 'OPEN') return
    const key = `${type} ${name}`
    this.#expected.set(key, (this.#expected.get(key) ?? 0) + 1)
    forgetOldest(this.#expected)
  }
}

function forgetOldest(kept: Set<string> | Map<string, number>): void {
  if (kept.size <= namesKept) return
  const [oldest] = kept.keys()
  kept.delete(oldest!)
}
