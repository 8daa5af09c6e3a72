import { IN } from '../linux/inotifyMasks.js'
import type { KernelPort } from './port.js'

const MASK = IN.MOVE_SELF | IN.ONLYDIR

/**
 * The directories above the roots: when one of them is renamed, the roots below it are no longer where their paths
 * say, and no record of their own tells that.
 */
export class Ancestors {
  readonly #port: KernelPort
  readonly #isTaken: (wd: number) => boolean
  /** The paths of the roots below each watched directory. */
  readonly #roots = new Map<number, Set<string>>()

  /** `isTaken` is true for a watch that serves something else as well. */
  constructor(port: KernelPort, isTaken: (wd: number) => boolean) {
    this.#port = port
    this.#isTaken = isTaken
  }

  /** True when the watch belongs to a directory above a root. */
  has(wd: number): boolean {
    return this.#roots.has(wd)
  }

  /** A root is there: watches what is above it. False when its path may lead elsewhere, and no record would say so. */
  watch(path: string): boolean {
    let isSure = !this.#isLink(path)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const above = path.slice(0, at)
      const wd = this.#port.addWatch(above, MASK | IN.MASK_ADD)
      if (wd < 0 || this.#isLink(above)) isSure = false
      if (wd < 0) continue
      // It may have served something that wanted to know more.
      if (!this.#isTaken(wd)) this.#port.addWatch(above, MASK)
      const roots = this.#roots.get(wd)
      if (roots === undefined) this.#roots.set(wd, new Set([path]))
      else roots.add(path)
    }
    return isSure
  }

  /** The paths of the roots below a directory, by its watch. */
  rootsBelow(wd: number): string[] {
    return [...(this.#roots.get(wd) ?? [])]
  }

  /** The kernel has dropped the watch. */
  ended(wd: number): void {
    this.#roots.delete(wd)
  }

  /** The root is not there any more. */
  release(path: string): void {
    for (const [wd, roots] of this.#roots) {
      if (!roots.delete(path) || roots.size > 0) continue
      this.#roots.delete(wd)
      if (!this.#isTaken(wd)) this.#port.removeWatch(wd)
    }
  }

  /** The roots are about to be visited anew. */
  reset(): void {
    const wds = [...this.#roots.keys()]
    this.#roots.clear()
    for (const wd of wds) if (!this.#isTaken(wd)) this.#port.removeWatch(wd)
  }

  #isLink(path: string): boolean {
    const identity = this.#port.identify(path)
    return typeof identity !== 'number' && identity.type === 'symlink'
  }
}
