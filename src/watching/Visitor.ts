import { ENOMEM, ENOSPC } from '../linux/errno.js'
import { IN } from '../linux/inotifyMasks.js'
import type { DirectoryEntry, Inode, KernelPort } from './port.js'
import { Visit } from './Visit.js'
import type { Moment, WatchNode } from './WatchNode.js'
import type { WatchTable } from './WatchTable.js'

export interface VisitorHost {
  /** Directories beyond the watch limit are listed all the same, to be compared from time to time. */
  polls(): boolean
  /** Microseconds since the epoch: a time that has passed. */
  now(): number
  /** The type of the filesystem of a path when not all that changes there gives records. */
  blindFilesystem(path: string): string | undefined
}

/**
 * Makes the system calls of a visit. What they have found counts only when the fence behind them has arrived. One that
 * fails for want of kernel memory is made once more: that passes, and says nothing of the directory.
 */
export class Visitor {
  readonly #port: KernelPort
  readonly #table: WatchTable
  readonly #host: VisitorHost
  #moment: Moment = { at: 0 }
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
    const path = this.#table.pathOf(node)
    const mask = follows(node) ? this.mask : this.mask | IN.DONT_FOLLOW
    const wd = this.#port.addWatch(path, mask)
    return wd === -ENOMEM ? this.#port.addWatch(path, mask) : wd
  }

  /**
   * Watches a directory, then lists it, as far as it was not. A probe of one that is watched only looks whether its
   * path leads there.
   */
  visit(node: WatchNode, isProbe: boolean): Visit {
    const before = node.wd
    const wd = this.watch(node)
    const isBeyond = wd === -ENOSPC && this.#host.polls()
    const owner = wd < 0 ? undefined : this.#table.byWd(wd)
    const visit = new Visit(node, Math.max(wd, 0), owner, this.#now())
    if (before !== 0 && wd !== before) return visit.ended('replaced')
    if (wd < 0 && !isBeyond) return visit.ended('failed', -wd)
    if (owner !== undefined && owner !== node) return visit.ended('alias')
    const mayHaveChanged = node.blind !== undefined || node.root?.only !== undefined
    if (before !== 0 && (isProbe || !mayHaveChanged)) return visit.ended('same')
    if (!isBeyond) this.#table.setWatch(node, wd)
    const path = this.#table.pathOf(node)
    const errno = this.#list(visit, follows(node) ? `${path}/.` : path)
    if (errno !== 0) return visit.ended('failed', errno)
    visit.blind = this.#blindness(node, path, before !== 0, visit.self)
    if (isBeyond) visit.reason = 'unwatched'
    else if (visit.blind !== undefined) visit.reason = 'blind'
    return visit
  }

  /** One object for all visits of the same time. */
  #now(): Moment {
    const at = this.#host.now()
    if (at !== this.#moment.at) this.#moment = { at }
    return this.#moment
  }

  /** A directory is on the filesystem that it was on, and else on that of its parent, unless the device differs. */
  #blindness(node: WatchNode, path: string, isKnown: boolean, self: Inode | undefined): string | undefined {
    if (isKnown) return node.blind
    const { parent } = node
    const isInherited = self !== undefined && parent?.isOnDevice(self.dev) === true
    return isInherited ? parent.blind : this.#host.blindFilesystem(path)
  }

  /** Returns 0 or an errno. */
  #list(visit: Visit, path: string): number {
    const only = visit.node.root?.only
    // What is remembered of single names there need not be what is there, as on overlay.
    const isLookedAt = only !== undefined && this.#host.blindFilesystem(path) === undefined
    let listing = isLookedAt ? -1 : this.#port.listing(path)
    if (listing === -ENOMEM) listing = this.#port.listing(path)
    if (typeof listing !== 'number') {
      visit.self = listing.self
      visit.entries =
        only === undefined ? listing.entries : listing.entries.filter(({ name }) => only.has(name))
      return 0
    }
    if (only === undefined) return -listing
    visit.entries = this.#look(path, only)
    return 0
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
