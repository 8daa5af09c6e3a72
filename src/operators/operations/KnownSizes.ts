import type { EventType, FileEvent } from '../../events/index.js'
import { rawOldPathOf, rawPathOf } from '../renames/pathBytes.js'
import { PathMemory } from '../support/PathMemory.js'

/** What is known of the size of a file around one event; `null`: not known. */
export interface SizeChange {
  readonly before: number | null
  readonly after: number | null
  readonly difference: number | null
}

/** The types after which a file may have another size. */
export const changesSize: readonly EventType[] = [
  'CREATE',
  'MODIFY',
  'CLOSE_WRITE',
  'DELETE',
  'MOVED_FROM',
  'MOVED_TO',
  'RENAME',
  'DELETE_SELF',
  'MOVE_SELF',
]

const looksAt: ReadonlySet<EventType> = new Set<EventType>([
  'CREATE',
  'MODIFY',
  'CLOSE_WRITE',
  'MOVED_TO',
  'RENAME',
])
const ends: ReadonlySet<EventType> = new Set<EventType>(['DELETE', 'DELETE_SELF'])
const none: SizeChange = { before: null, after: null, difference: null }

/** The sizes of files as one stream has told them: by path, of those that changed last. */
export class KnownSizes {
  readonly #memory: PathMemory<number>

  constructor(maxPaths: number) {
    this.#memory = new PathMemory(maxPaths)
  }

  /** True when the size of the file after the event has to be known. */
  static needsSize(event: FileEvent): boolean {
    return looksAt.has(event.eventType)
  }

  /** Takes note of an event and of the size of its file by now. */
  learn(event: FileEvent, after: number | null): SizeChange {
    const path = rawPathOf(event)
    const before = this.#before(event, path)
    this.#memory.follow(event, path)
    if (event.isDirectory) return none
    if (ends.has(event.eventType)) return { before, after: null, difference: minus(0, before) }
    if (!KnownSizes.needsSize(event)) return { before, after: before, difference: 0 }
    if (after === null) this.#memory.forget(path)
    else this.#memory.set(path, after)
    return { before, after, difference: minus(after, before) }
  }

  /** What the event replaces: of a rename without a known file at its target, the file that was moved. */
  #before(event: FileEvent, path: string): number | null {
    const known = this.#memory.get(path)
    if (event.eventType === 'CREATE') return 0
    if (known !== undefined || event.oldPath === undefined) return known ?? null
    return this.#memory.get(rawOldPathOf(event)) ?? null
  }
}

function minus(after: number | null, before: number | null): number | null {
  return after === null || before === null ? null : after - before
}
