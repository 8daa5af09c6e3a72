import type { FoundEntry, HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleNode } from './HandleNode.js'

/** What the records have said last of a name. */
interface Suspect {
  readonly node: HandleNode
  readonly name: string
  believed: FoundEntry | undefined
  found: FoundEntry | undefined
  /** A record about the name was applied since the disk was looked at, or the disk was not looked at yet. */
  isOpen: boolean
}

/** A name that is not as the records have said. */
export interface Correction {
  readonly node: HandleNode
  readonly name: string
  readonly believed: FoundEntry | undefined
  readonly found: FoundEntry | undefined
}

/**
 * Names of which the records may not tell the last word: the kernel merges equal records that are unread, so that
 * the second of two equal renames is not told, and of a name that came and went several times only that it did.
 *
 * They are compared with the disk, and a fence is posted behind that. A name that has no record up to the fence
 * must be as the records before had said. A directory that is listed is known again as a whole.
 */
export class Suspects {
  readonly #disk: HandleDisk
  readonly #directories = new Map<string, Map<string, Suspect>>()
  #size = 0
  #fence = 0

  constructor(disk: HandleDisk) {
    this.#disk = disk
  }

  get fence(): number {
    return this.#fence
  }

  get size(): number {
    return this.#size
  }

  /** A record said this of a name, which from now on is in doubt. Of a file the key may be empty. */
  suspect(node: HandleNode, name: string, believed: FoundEntry | undefined): void {
    const names = this.#directories.get(node.key) ?? new Map<string, Suspect>()
    this.#directories.set(node.key, names)
    const known = names.get(name)
    if (known === undefined) {
      names.set(name, { node, name, believed, found: undefined, isOpen: true })
      this.#size++
    } else {
      known.believed = believed
      known.isOpen = true
    }
  }

  /** A record said this of a name; it matters when the name is in doubt. */
  note(node: HandleNode, name: string, believed: FoundEntry | undefined): void {
    if (this.has(node, name)) this.suspect(node, name, believed)
  }

  has(node: HandleNode, name: string): boolean {
    return this.#directories.get(node.key)?.has(name) === true
  }

  /** What is in a directory was listed. */
  forget(directory: string): void {
    this.#size -= this.#directories.get(directory)?.size ?? 0
    this.#directories.delete(directory)
  }

  /** Looks at the disk; `post` queues a fence behind that. */
  look(post: () => number): void {
    for (const names of this.#directories.values()) {
      for (const suspect of names.values()) {
        suspect.found = this.#disk.lookUp(suspect.node.key, suspect.name)
        suspect.isOpen = false
      }
    }
    this.#fence = post()
  }

  /** All records up to the fence were applied: what is wrong. */
  settle(): Correction[] {
    this.#fence = 0
    const wrong: Correction[] = []
    for (const [directory, names] of this.#directories) {
      for (const { node, name, believed, found, isOpen } of names.values()) {
        if (isOpen) continue
        names.delete(name)
        this.#size--
        if (!isAs(believed, found)) wrong.push({ node, name, believed, found })
      }
      if (names.size === 0) this.#directories.delete(directory)
    }
    return wrong
  }
}

/** The handle of a file need not be known. */
function isAs(believed: FoundEntry | undefined, found: FoundEntry | undefined): boolean {
  if (believed?.isDirectory !== found?.isDirectory) return false
  return believed?.key === '' || believed?.key === found?.key
}
