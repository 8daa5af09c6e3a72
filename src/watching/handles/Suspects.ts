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
 * must be as the records before had said.
 */
export class Suspects {
  readonly #disk: HandleDisk
  readonly #names = new Map<string, Suspect>()
  #fence = 0

  constructor(disk: HandleDisk) {
    this.#disk = disk
  }

  get fence(): number {
    return this.#fence
  }

  get size(): number {
    return this.#names.size
  }

  /** A record said this of a name, which from now on is in doubt. */
  suspect(node: HandleNode, name: string, believed: FoundEntry | undefined): void {
    const key = `${node.key}/${name}`
    const known = this.#names.get(key)
    if (known === undefined) this.#names.set(key, { node, name, believed, found: undefined, isOpen: true })
    else {
      known.believed = believed
      known.isOpen = true
    }
  }

  /** A record said this of a name; it matters when the name is in doubt. */
  note(node: HandleNode, name: string, believed: FoundEntry | undefined): void {
    if (this.#names.size > 0 && this.#names.has(`${node.key}/${name}`)) this.suspect(node, name, believed)
  }

  /** Looks at the disk; `post` queues a fence behind that. */
  look(post: () => number): void {
    for (const suspect of this.#names.values()) {
      suspect.found = this.#disk.lookUp(suspect.node.key, suspect.name)
      suspect.isOpen = false
    }
    this.#fence = post()
  }

  /** All records up to the fence were applied: what is wrong. */
  settle(): Correction[] {
    this.#fence = 0
    const wrong: Correction[] = []
    for (const [key, { node, name, believed, found, isOpen }] of this.#names) {
      if (isOpen) continue
      this.#names.delete(key)
      if (believed?.key !== found?.key || believed?.isDirectory !== found?.isDirectory) {
        wrong.push({ node, name, believed, found })
      }
    }
    return wrong
  }
}
