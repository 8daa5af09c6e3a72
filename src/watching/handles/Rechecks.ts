import type { HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleFindings } from './HandleFindings.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleTable } from './HandleTable.js'
import type { Marking } from './Marking.js'
import type { Suspects } from './Suspects.js'

/**
 * Directories that are looked at once more when all is applied: where directories are marked one by one, those that were
 * renamed, those that they left and came to, and those of which records said that they had not come yet.
 *
 * Of such a rename only that side is reported that is marked, equal ones are merged while nobody reads, and the marks
 * follow later. Where a name of a directory is not as it was told, it is suspected, see Suspects.
 */
export class Rechecks {
  readonly #disk: HandleDisk
  readonly #table: HandleTable
  readonly #marking: Marking
  readonly #suspects: Suspects
  readonly #findings: Pick<HandleFindings, 'isTold'>
  readonly #keys = new Set<string>()

  constructor(
    disk: HandleDisk,
    table: HandleTable,
    marking: Marking,
    suspects: Suspects,
    findings: Pick<HandleFindings, 'isTold'>,
  ) {
    this.#disk = disk
    this.#table = table
    this.#marking = marking
    this.#suspects = suspects
    this.#findings = findings
  }

  add(node: HandleNode): void {
    if (this.#marking.isByDirectory(node.key)) this.#keys.add(node.key)
  }

  /** Looks at the disk: what is suspected has to be looked at behind that. */
  look(): void {
    if (this.#keys.size === 0) return
    for (const key of this.#keys) {
      const node = this.#table.get(key)
      if (node !== undefined) this.#lookAt(node)
    }
    this.#keys.clear()
  }

  #lookAt(node: HandleNode): void {
    if (node.root === undefined && !node.isMounted) {
      const place = this.#disk.locate(node.key)
      const isThere = place !== undefined && place.parent === node.parent?.key && place.name === node.name
      if (!isThere || !this.#findings.isTold(node)) {
        this.#suspectTold(node.parent, node.name)
        if (place !== undefined) this.#suspectFound(this.#table.get(place.parent), place.name)
        return
      }
    }
    if (this.#findings.isTold(node)) this.#compare(node)
  }

  #compare(node: HandleNode): void {
    const there = new Set<string>()
    for (const { name, key, isDirectory } of this.#disk.list(node.key) ?? []) {
      if (!isDirectory) continue
      there.add(name)
      const child = node.children?.get(name)
      if (child?.isMounted !== true && (child?.key !== key || !this.#findings.isTold(child)))
        this.#suspectFound(node, name)
    }
    for (const { name } of node.children?.values() ?? []) if (!there.has(name)) this.#suspectTold(node, name)
  }

  /** The directory that is told at a name may not be there. True when there is one. */
  #suspectTold(parent: HandleNode | undefined, name: string): boolean {
    const child = parent?.children?.get(name)
    if (parent === undefined || child === undefined || !this.#findings.isTold(child)) return false
    this.#suspects.suspect(parent, name, { key: child.key, isDirectory: true })
    return true
  }

  /** There is a directory at a name that may not be told. */
  #suspectFound(parent: HandleNode | undefined, name: string): void {
    if (parent === undefined || !this.#findings.isTold(parent) || !this.#table.shows(parent, name)) return
    // What is suspected for another reason may be told as something else.
    if (!this.#suspectTold(parent, name) && !this.#suspects.has(parent, name))
      this.#suspects.suspect(parent, name, undefined)
  }
}
