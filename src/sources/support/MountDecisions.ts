import type { Issue } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import type { MountPolicy } from '../../linux/fanotify/FanotifyMounts.js'
import type { Mount } from '../../linux/mounts.js'
import { textFromRaw } from '../../linux/rawPath.js'
import { realPath } from '../../linux/realPath.js'
import type { WatchRoot } from '../../watching/WatchNode.js'

/** Of a source that is not alone. */
export interface OtherWatchers {
  /** True for what is mounted at a raw path when another source tells that. */
  leavesOut(mountPoint: string): boolean
  /**
   * Something was mounted or unmounted. What is left out from now on is told as gone before the next event of any
   * source.
   */
  mountsChanged(): void
}

type Warn = (issue: Omit<Issue, 'path'>, path: string) => void

/** What becomes of the mounts below the roots of a fanotify run. Each is warned of once. */
export class MountDecisions implements MountPolicy {
  readonly #roots: readonly WatchRoot[]
  readonly #prune: (path: string, name: string) => boolean
  readonly #others: OtherWatchers
  readonly #warn: Warn
  readonly #told = new Set<string>()
  #pending: (readonly [Omit<Issue, 'path'>, string])[] = []

  constructor(
    roots: readonly WatchRoot[],
    prune: (path: string, name: string) => boolean,
    others: OtherWatchers,
    warn: Warn,
  ) {
    this.#roots = roots
    this.#prune = prune
    this.#others = others
    this.#warn = warn
  }

  leavesOut(mountPoint: string): boolean {
    return this.#others.leavesOut(mountPoint)
  }

  isSeen(path: string): boolean {
    return this.#roots.some(({ path: root, recursive, only }) => {
      if (!recursive || only !== undefined) return false
      const real = realPath(root)
      if (path === real) return true
      const above = real === '/' ? '/' : `${real}/`
      return path.startsWith(above) && !this.#isPruned(path.slice(above.length))
    })
  }

  alias({ id, mountPoint }: Mount, other: string): void {
    if (this.#isToldAlready(`${id} ${other}`)) return
    const path = textFromRaw(mountPoint)
    const message = `${path} is the same directory as ${textFromRaw(other)}`
    this.#pending.push([{ code: 'FSFLOW_ALIAS', message }, path])
  }

  problem({ id, mountPoint }: Mount, error: FsflowError): void {
    if (error.code !== 'FSFLOW_UNSUPPORTED') throw error
    if (!this.#isToldAlready(`${id}`)) this.#pending.push([error, textFromRaw(mountPoint)])
  }

  /** Tells what was decided, behind the events about it. */
  flush(): void {
    const pending = this.#pending
    if (pending.length === 0) return
    this.#pending = []
    for (const [issue, path] of pending) this.#warn(issue, path)
  }

  #isToldAlready(what: string): boolean {
    const { size } = this.#told
    return this.#told.add(what).size === size
  }

  #isPruned(relative: string): boolean {
    const names = relative.split('/')
    return names.some((name, index) => this.#prune(names.slice(0, index + 1).join('/'), name))
  }
}

export function isUnsupported(error: unknown): error is FsflowError {
  return FsflowError.is(error) && error.code === 'FSFLOW_UNSUPPORTED'
}
