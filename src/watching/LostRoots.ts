import { ENOTDIR } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import type { InotifyRecord, KernelPort } from './port.js'
import type { WatchRoot } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

/** Waits for one root: in the nearest directory above it that exists, for the next name on the way down. */
interface Vigil {
  readonly root: WatchRoot
  directory: string
  wd: number
  awaited: string
  /** It may come without a record. */
  mayBeMissed: boolean
}

export interface LostRootsListener {
  /** The root's path leads somewhere: it is worth a visit. */
  found(root: WatchRoot): void
  /** The root cannot be awaited. */
  problem(root: WatchRoot, errno: number): void
  /** True when not all that changes in a directory gives records. */
  isBlind(path: string): boolean
  /** True for a watch that serves something else as well. */
  isTaken(wd: number): boolean
}

const ARRIVALS = IN.CREATE | IN.MOVED_TO
const ENDINGS = IN.DELETE_SELF | IN.MOVE_SELF | IN.UNMOUNT | IN.IGNORED

/**
 * Waits for roots that are not there: deleted, moved away, unmounted, or not made yet.
 *
 * Each is awaited by a watch on the nearest directory above it that exists. The watch comes first and the look
 * at what is there second, so that no arrival is missed; an arrival leads one step down, until the root is there.
 */
export class LostRoots {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #mask: number
  readonly #listener: LostRootsListener
  #vigils: Vigil[] = []
  readonly #returning = new Set<WatchRoot>()

  /** `mask` is that of all watches, since the directory may be watched for its own sake too. */
  constructor(port: KernelPort, table: WatchTable, mask: number, listener: LostRootsListener) {
    this.#port = port
    this.#table = table
    this.#mask = mask
    this.#listener = listener
  }

  /** The root is not there: `found` is called once, now or later, however often it is said meanwhile. */
  await(root: WatchRoot): void {
    this.#returning.add(root)
    let vigil = this.#vigils.find((other) => other.root === root)
    if (vigil === undefined) {
      vigil = { root, directory: '/', wd: 0, awaited: '', mayBeMissed: false }
      this.#vigils.push(vigil)
    }
    this.#descend(vigil)
  }

  /** True when a root may come without a record. */
  get mayMiss(): boolean {
    return this.#vigils.some(({ mayBeMissed }) => mayBeMissed)
  }

  /** True for a watch by which a root is awaited. */
  has(wd: number): boolean {
    return this.#vigils.some((vigil) => vigil.wd === wd)
  }

  /** Looks whether they are there. */
  look(): void {
    for (const vigil of this.#vigils.slice()) this.#descend(vigil)
  }

  /** True when a path leads to something: not for a link that dangles. */
  isThere(path: string): boolean {
    return this.#isThere(path, false)
  }

  /** True, once, when the root had been lost and is entered again. */
  hasReturned(root: WatchRoot): boolean {
    return this.#returning.delete(root)
  }

  /** Shows a record to those that wait for it. */
  apply(record: InotifyRecord): void {
    if (this.#vigils.length === 0) return
    for (const vigil of this.#vigils.slice()) {
      if (vigil.wd !== record.wd) continue
      const arrives = (record.mask & ARRIVALS) !== 0 && record.name === vigil.awaited
      const ends = (record.mask & ENDINGS) !== 0 && record.name === ''
      if (arrives || ends) this.#descend(vigil)
    }
  }

  /** After an overflow every root is visited anew, and awaited anew if it is not there. */
  reset(): void {
    const vigils = this.#vigils
    this.#vigils = []
    for (const { wd } of vigils) this.#letGo(wd)
  }

  /** Goes down from the top as far as there are directories, and waits there; or finds the root. */
  #descend(vigil: Vigil): void {
    const { path } = vigil.root
    const parts = path.split('/').filter((part) => part !== '')
    let directory = '/'
    for (const [index, part] of parts.entries()) {
      const below = join(directory, part)
      if (this.#isThere(below, index < parts.length - 1)) {
        directory = below
        continue
      }
      const previous = vigil.wd
      vigil.wd = this.#port.addWatch(directory, this.#mask)
      vigil.directory = directory
      vigil.awaited = part
      // A link that dangles is there: what it leads to comes elsewhere.
      vigil.mayBeMissed = this.#listener.isBlind(directory) || typeof this.#port.identify(below) !== 'number'
      if (previous !== vigil.wd) this.#letGo(previous)
      if (vigil.wd < 0 && this.#isThere(directory, true)) {
        if (previous !== vigil.wd) this.#listener.problem(vigil.root, -vigil.wd)
      } else if (vigil.wd < 0 || this.#isThere(below, index < parts.length - 1)) {
        // It came, or the directory went, between the look and the watch.
        this.#descend(vigil)
      }
      return
    }
    this.#vigils = this.#vigils.filter((other) => other !== vigil)
    this.#letGo(vigil.wd)
    this.#listener.found(vigil.root)
  }

  #isThere(path: string, onTheWay: boolean): boolean {
    const identity = this.#port.identify(path)
    if (typeof identity === 'number') return false
    if (identity.type !== 'symlink') return !onTheWay || identity.type === 'directory'
    const target = this.#port.identify(`${path}/.`)
    return typeof target !== 'number' || (!onTheWay && target === -ENOTDIR)
  }

  #letGo(wd: number): void {
    if (wd <= 0 || this.#table.byWd(wd) !== undefined || this.#listener.isTaken(wd)) return
    if (!this.has(wd)) this.#port.removeWatch(wd)
  }
}

function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}
