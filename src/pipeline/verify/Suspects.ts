import { oldPathKey, pathKey, type EventType, type FileEvent } from '../../events/index.js'
import { rawFromText } from '../../linux/rawPath.js'
import type { TreeDifference } from '../../watching/ToldTree.js'

type Problem = TreeDifference['problem']

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
  /** For each the looks in a row at which it differed while nothing was told of it. */
  #looks = new Map<string, number>()
  #confirmed: TreeDifference[] = []
  /** What was told of since the last look. */
  #told = new Set<string>()
  #lost = false
  #begun = false
  readonly #aliases = new Set<string>()

  /** Those about which nothing is decided. */
  get open(): number {
    return this.#looks.size
  }

  /** True when something has come or gone since `begin` or the last look. */
  get haveBeenTold(): boolean {
    return this.#told.size > 0 || this.#lost
  }

  get aliases(): number {
    return this.#aliases.size
  }

  begin(): void {
    this.#looks = new Map()
    this.#confirmed = []
    this.#forget()
    this.#begun = true
  }

  take(event: FileEvent): void {
    const { eventType } = event
    if (event.controlDetails?.code === 'FSFLOW_ALIAS') this.#aliases.add(rawKey(pathKey(event)))
    if (!this.#begun) return
    if (eventType === 'OVERFLOW' || eventType === 'RECOVERED') this.#lost = true
    if (!treeTypes.has(eventType)) return
    this.#told.add(rawKey(pathKey(event)))
    if (event.oldPath !== undefined) this.#told.add(rawKey(oldPathKey(event)))
  }

  add({ path }: TreeDifference): void {
    if (!isAtOrBelow(path, this.#aliases)) this.#looks.set(path, 0)
  }

  /** Those about which nothing is decided, as they are while one after the other is judged. */
  paths(): IterableIterator<string> {
    return this.#looks.keys()
  }

  /**
   * Begins another look at all of them. What differs counts only when `isTold`: all that had happened before has
   * been told. It is a difference when it counted at `enough` looks in a row.
   */
  beginLook(isTold: boolean, enough: number): (path: string, problem: Problem | undefined) => void {
    // What is told while this look goes on bears on the next one too.
    const told = this.#told
    const lost = this.#lost
    this.#forget()
    return (path, problem) => {
      const counts = isTold && !lost && !isAtOrBelow(path, told) && !isAtOrBelow(path, this.#told)
      const looks = counts ? this.#looks.get(path)! + 1 : 0
      if (problem !== undefined && looks < enough) {
        this.#looks.set(path, looks)
        return
      }
      this.#looks.delete(path)
      if (problem !== undefined) this.#confirmed.push({ problem, path })
    }
  }

  /** The outcome: what differs, and what could not be decided. */
  end(): { differences: TreeDifference[]; undecided: string[] } {
    this.#begun = false
    this.#forget()
    const differences = this.#confirmed.sort((a, b) => (a.path < b.path ? -1 : 1))
    return { differences, undecided: [...this.#looks.keys()] }
  }

  #forget(): void {
    this.#told = new Set()
    this.#lost = false
  }
}

/** True when the path, or one above it, is among those. */
export function isAtOrBelow(path: string, places: ReadonlySet<string>): boolean {
  if (places.size === 0) return false
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (places.has(path.slice(0, end))) return true
  }
  return places.has('/')
}

/** The raw path of a key of `pathKey`. */
function rawKey(key: string): string {
  return key.startsWith('\0') ? key.slice(1) : rawFromText(key)
}
