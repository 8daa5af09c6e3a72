import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import { IN } from '../../linux/inotifyMasks.js'
import type { WatchRoot } from '../WatchNode.js'
import type { Arrival, ArrivedEntry } from './Arrival.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleRoots } from './HandleRoots.js'
import type { HandleTable } from './HandleTable.js'
import type { NewName } from './HeldEnds.js'
import type { HandleTeller, Telling } from './HandleTeller.js'
import type { Marking } from './Marking.js'
import type { Correction, Suspects } from './Suspects.js'

/** What changes and findings need of the watcher around them. */
export interface ChangesHost {
  /** The last fence that was posted. */
  posted(): number
  /** Lists what is in directories; the records wait until `ready` is called. */
  enter(nodes: readonly HandleNode[], ready: (arrivals: readonly Arrival[]) => void): void
  /** Finds the places of directories, as of the next record; the records wait until `then` is called. */
  seek(keys: readonly string[], then: () => void): void
  /** Tells what was held back of a name that something else has now. */
  flushName(name: NewName): void
  /** Leaves out what is held back below a directory that comes into sight. */
  hideBelow(top: HandleNode): void
  /** The next record in which a name comes or goes. */
  nextOf(directory: string, name: string): HandleRecord | undefined
  /** Looks once more when all is applied, where not all that happens is reported. */
  recheck(node: HandleNode): void
  readonly marking: Marking
}

/** Where a directory is believed to be. */
export interface Believed {
  readonly node: HandleNode
  readonly parent: HandleNode | undefined
  readonly name: string
  readonly isSeen: boolean
}

/** Tells what no record has told, but a look at the disk has found. */
export class HandleFindings {
  readonly #table: HandleTable
  readonly #teller: HandleTeller
  readonly #roots: HandleRoots
  readonly #suspects: Suspects
  readonly #host: ChangesHost

  constructor(
    table: HandleTable,
    teller: HandleTeller,
    roots: HandleRoots,
    suspects: Suspects,
    host: ChangesHost,
  ) {
    this.#table = table
    this.#teller = teller
    this.#roots = roots
    this.#suspects = suspects
    this.#host = host
  }

  /** Where a directory is believed to be now. */
  place(key: string): Believed {
    const node = this.#table.ensure(key)
    const { parent, name } = node
    return { node, parent, name, isSeen: this.isTold(node) }
  }

  /** A directory was looked up: if it is not where it was believed to be, a rename was not told. */
  placeFound({ node, parent, name, isSeen }: Believed): void {
    if (node.parent === parent && node.name === name) return
    if (parent === undefined) return
    this.#suspects.suspect(parent, name, undefined)
    if (node.parent === undefined) {
      // From there it has gone where nothing is reported.
      this.#teller.tellFound(IN.MOVED_FROM, parent, name, true, this.#teller.nextCookie())
      this.#host.marking.leave(node)
      return
    }
    this.#host.flushName({ directory: node.parent.key, name: node.name, target: node.key })
    this.#teller.tellMove(parent, name, node.parent, node.name, true)
    this.#suspects.suspect(node.parent, node.name, { key: node.key, isDirectory: true })
    const isInView = this.#table.view(node) !== undefined
    if (isSeen && !isInView) this.#host.marking.leave(node)
    if (!isSeen && isInView) this.enter([node])
  }

  /** Tells what the records have not told. */
  correct(all: readonly Correction[]): void {
    // Of what was in a directory that was deleted since, all is told, and another may have its name.
    const wrong = all.filter(({ node }) => node.state !== 'dead')
    // A name that is empty now is where something may have come from.
    const gone = new Map<string, Correction>()
    for (const correction of wrong) {
      if (correction.believed !== undefined && correction.found === undefined) {
        const { node, name, believed } = correction
        gone.set(believed.key === '' ? `${node.key}/${name}` : believed.key, correction)
      }
    }
    const arrived: HandleNode[] = []
    for (const { node, name, believed, found } of wrong) {
      if (found === undefined) continue
      this.#host.flushName({ directory: node.key, name, target: found.key })
      const from = gone.get(found.key)
      gone.delete(found.key)
      const child = found.isDirectory ? this.#table.ensure(found.key) : undefined
      const wasSeen = from !== undefined && child !== undefined && this.#isToldAt(child, from)
      if (child !== undefined) this.#table.place(child, node, name)
      if (from !== undefined) this.#teller.tellMove(from.node, from.name, node, name, found.isDirectory)
      else {
        if (believed !== undefined) this.#teller.tellFound(FAN.DELETE, node, name, believed.isDirectory)
        this.#teller.tellFound(FAN.CREATE, node, name, found.isDirectory)
      }
      if (child !== undefined && !wasSeen && this.#table.view(child) !== undefined) arrived.push(child)
    }
    for (const { node, name, believed } of gone.values()) {
      this.#teller.tellFound(FAN.DELETE, node, name, believed!.isDirectory)
      const child = this.#table.get(believed!.key)
      if (child === undefined) continue
      const isThere = child.parent === node && child.name === name
      // It may have been found elsewhere meanwhile, where it is not seen.
      if (isThere || this.#table.view(child) === undefined) this.#host.marking.leave(child)
      if (isThere) this.#table.displace(child, this.#host.posted() + 1)
    }
    this.enter(arrived)
  }

  /** True when what is in a directory has been told. */
  isTold(node: HandleNode): boolean {
    return this.#table.view(node) !== undefined && this.#host.marking.covers(node)
  }

  #isToldAt(child: HandleNode, { node, name }: Correction): boolean {
    return child.parent === node && child.name === name && this.isTold(child)
  }

  /** Something was mounted or unmounted. */
  remounted(): void {
    const unknown = this.#roots.unknownMountParents()
    if (unknown.length === 0) this.#remounted()
    else this.#host.seek(unknown, () => this.#remounted())
  }

  #remounted(): void {
    const nobody: Telling = { target: '', pid: 0, process: undefined, cookie: 0, merged: false }
    const entered = this.#roots.remounted(
      (root) => this.#roots.lose(root, IN.MOVE_SELF, nobody),
      (node) => {
        this.#host.marking.leave(node)
        this.#table.displace(node, this.#host.posted() + 1)
      },
    )
    this.enter(entered)
  }

  /** Tells what is in directories that the stream did not see before; each once, whatever it was found by. */
  enter(nodes: readonly HandleNode[]): void {
    const chosen = new Set(nodes)
    const tops = [...chosen].filter((node) => !this.#isBelowOne(node, chosen))
    if (tops.length === 0) return
    for (const top of tops) this.#host.hideBelow(top)
    this.#host.enter(tops, (arrivals) => {
      for (const arrival of arrivals) for (const entry of arrival.entries()) this.#found(entry)
    })
  }

  /** True when a directory is found along with one that it lies in, below the same root. */
  #isBelowOne(node: HandleNode, chosen: ReadonlySet<HandleNode>): boolean {
    for (let above = node.parent; above !== undefined; above = above.parent) {
      if (chosen.has(above) && this.#rootOf(above) === this.#rootOf(node)) return true
    }
    return false
  }

  #rootOf(node: HandleNode): WatchRoot | undefined {
    return this.#table.view(node)?.root
  }

  #found({ node, name, isDirectory, isUncertain }: ArrivedEntry): void {
    if (!isUncertain) this.#teller.tellFound(FAN.CREATE, node, name, isDirectory)
  }
}
