import { ENOSPC } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import type { DirectoryEntry, DirectoryListing, Inode, KernelPort } from './port.js'
import type { Visit } from './Visit.js'
import type { WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

export interface VisitorHost {
  /** Directories beyond the watch limit are listed all the same, to be compared from time to time. */
  polls(): boolean
  /** Microseconds since the epoch: a time that has passed. */
  now(): number
  /** The type of the filesystem of a path when not all that changes there gives records. */
  blindFilesystem(path: string): string | undefined
}

/** Makes the system calls of a visit. What they have found counts only when the fence behind them has arrived. */
export class Visitor {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #host: VisitorHost
  /** Of the watches that are added. */
  mask: number

  constructor(port: KernelPort, table: WatchTable, mask: number, host: VisitorHost) {
    this.#port = port
    this.#table = table
    this.mask = mask
    this.#host = host
  }

  /** Adds the watch of a directory, or gives it another mask; the watch descriptor, or -errno. */
  watch(node: WatchNode): number {
    return this.#port.addWatch(
      this.#table.pathOf(node),
      follows(node) ? this.mask : this.mask | IN.DONT_FOLLOW,
    )
  }

  /**
   * Watches a directory, then lists it, as far as it was not. A probe of one that is watched only looks whether its
   * path leads there.
   */
  visit(node: WatchNode, isProbe: boolean): Visit {
    const path = this.#table.pathOf(node)
    const before = node.wd
    const wd = this.watch(node)
    const isBeyond = wd === -ENOSPC && this.#host.polls()
    const visit: Visit = {
      node,
      wd: Math.max(wd, 0),
      errno: 0,
      outcome: 'listed',
      entries: [],
      self: undefined,
      at: this.#host.now(),
      blind: undefined,
      reason: isBeyond ? 'unwatched' : undefined,
      owner: wd < 0 ? undefined : this.#table.byWd(wd),
      first: new Map(),
    }
    if (before !== 0 && wd !== before) return { ...visit, outcome: 'replaced' }
    if (wd < 0 && !isBeyond) return { ...visit, outcome: 'failed', errno: -wd }
    if (visit.owner !== undefined && visit.owner !== node) return { ...visit, outcome: 'alias' }
    const mayHaveChanged = node.blind !== undefined || node.root?.only !== undefined
    if (before !== 0 && (isProbe || !mayHaveChanged)) return { ...visit, outcome: 'same' }
    if (!isBeyond) this.#table.setWatch(node, wd)
    const listing = this.#list(node, follows(node) ? `${path}/.` : path)
    if (typeof listing === 'number') return { ...visit, outcome: 'failed', errno: -listing }
    const blind = this.#blindness(node, path, before !== 0, listing.self)
    const reason = visit.reason ?? (blind === undefined ? undefined : 'blind')
    return { ...visit, ...listing, blind, reason }
  }

  /** A directory is on the filesystem that it was on, and else on that of its parent, unless the device differs. */
  #blindness(node: WatchNode, path: string, isKnown: boolean, self: Inode | undefined): string | undefined {
    if (isKnown) return node.blind
    const { parent } = node
    const isInherited = parent?.self !== undefined && parent.self.dev === self?.dev
    return isInherited ? parent.blind : this.#host.blindFilesystem(path)
  }

  #list(node: WatchNode, path: string): (Partial<DirectoryListing> & Pick<Visit, 'entries'>) | number {
    const only = node.root?.only
    if (only === undefined) return this.#port.listing(path)
    // What is remembered of single names there need not be what is there, as on overlay.
    const listing = this.#host.blindFilesystem(path) === undefined ? -1 : this.#port.listing(path)
    if (typeof listing === 'number') return { entries: this.#look(path, only) }
    return { entries: listing.entries.filter(({ name }) => only.has(name)) }
  }

  /** Of a directory that is watched for some files only, those that are there. */
  #look(path: string, only: ReadonlySet<string>): DirectoryEntry[] {
    const entries: DirectoryEntry[] = []
    for (const name of only) {
      const identity = this.#port.identify(`${path}/${name}`)
      if (typeof identity !== 'number') entries.push({ name, type: identity.type, ino: identity.ino })
    }
    return entries
  }
}

/** A root may be named by a symlink; below it, links are not followed unless it is asked for. */
function follows(node: WatchNode): boolean {
  return node.parent === undefined || node.isLink
}
