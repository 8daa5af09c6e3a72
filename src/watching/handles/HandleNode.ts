import type { WatchRoot } from '../WatchNode.js'

/** What of a directory's place is seen by the stream. */
export interface View {
  readonly root: WatchRoot
  /** Raw absolute path. */
  readonly path: string
  /** Raw path relative to the root; empty for the root itself. */
  readonly relative: string
}

/**
 * A directory of a marked filesystem, known by its handle. It knows its parent and its name, so that a path is
 * made from nodes and a rename costs the same whatever lies below.
 */
export class HandleNode {
  readonly key: string
  parent: HandleNode | undefined = undefined
  name = ''
  /** `placed`: parent and name are true. `dead`: it was there last. `nowhere`: nothing is known, or it was replaced. */
  state: 'placed' | 'dead' | 'nowhere' = 'nowhere'
  children: Map<string, HandleNode> | undefined = undefined
  /** The root that it is. */
  root: WatchRoot | undefined = undefined
  /** It is the top of a filesystem: where it lies, another one says. */
  isMounted = false
  /** The kernel has a mark on it. */
  isMarked = false
  /** The kernel leaves out what happens to its files. */
  isSilenced = false
  /** How many of its records were of no use. */
  noise = 0
  /** The last fence that had been posted when it was renamed last. */
  renamedAt = -1
  /** What `HandleTable.view` found in which state of the table. */
  epoch = -1
  view: View | undefined = undefined

  constructor(key: string) {
    this.key = key
  }
}
