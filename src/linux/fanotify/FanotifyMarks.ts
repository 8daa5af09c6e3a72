import { realPath } from '../realPath.js'
import type { FanotifyGroup } from './FanotifyGroup.js'
import type { HandleDisk } from './HandleDisk.js'
import type { DirectoryMarks } from './HandleDiskPort.js'
import type { HandleKey } from './HandleRecord.js'

/** How much one mark covers. */
export type FanotifyScope = 'filesystem' | 'mount' | 'tree'

export const fanotifyScopes = ['auto', 'filesystem', 'mount', 'tree'] as const

const FSID_BYTES = 8
// The kernel remembers each; those that are not noisy any more are not known.
const MAX_SILENCED = 10_000

/** The marks of one group: on filesystems or mounts as a whole, or on each directory where it must be so. */
export class FanotifyMarks implements DirectoryMarks {
  readonly #group: FanotifyGroup
  readonly #disk: HandleDisk
  readonly #wanted: FanotifyScope
  readonly #scopes = new Map<string, FanotifyScope>()
  readonly #mounts = new Set<number>()
  #silenced = 0

  constructor(group: FanotifyGroup, disk: HandleDisk, wanted: FanotifyScope | 'auto') {
    this.#group = group
    this.#disk = disk
    // Ready at once, and complete: what is outside of the roots costs little once its directories are silenced.
    this.#wanted = wanted === 'auto' ? 'filesystem' : wanted
  }

  /**
   * Has what happens at and below a raw path reported, as far as that can be said in advance: 0, or -errno. A subvolume
   * of btrfs can be marked in no scope (-EXDEV): the kernel does not mix its directories with those of the fences.
   */
  markRoot(path: string, { fsid, mountId }: { readonly fsid: string; readonly mountId: number }): number {
    const known = this.#scopes.get(fsid)
    if (known === 'tree') this.#markAbove(path)
    if (known === 'filesystem' || known === 'tree' || this.#mounts.has(mountId)) return 0
    const wanted = this.#wanted
    const result = wanted === 'tree' ? this.#markAbove(path) : this.#markWhole(path, wanted)
    if (result < 0) return result
    this.#scopes.set(fsid, wanted)
    if (wanted === 'mount') this.#mounts.add(mountId)
    return 0
  }

  /** A filesystem was unmounted, and its marks with it; or one mount of it, and marking it again does no harm. */
  forget(fsid: string): void {
    this.#scopes.delete(fsid)
    this.#mounts.clear()
  }

  #markWhole(path: string, scope: 'filesystem' | 'mount'): number {
    return scope === 'mount' ? this.#group.markMount(path) : this.#group.markFilesystem(path)
  }

  /**
   * What comes to the path is to be seen; and a directory above can be renamed, after which the path leads elsewhere.
   * Where the latter cannot be seen, it is not.
   */
  #markAbove(path: string): number {
    const result = this.#group.markAbove(path)
    for (const way of new Set([path, realPath(path)])) {
      for (let at = way.lastIndexOf('/'); at > 0; at = way.lastIndexOf('/', at - 1)) {
        this.#group.markAbove(way.slice(0, at))
      }
      this.#group.markAbove('/')
    }
    return result
  }

  isByDirectory(key: HandleKey): boolean {
    return this.#scopes.get(key.slice(0, FSID_BYTES)) === 'tree'
  }

  add(key: HandleKey): void {
    this.#disk.reach(key, (path) => this.#group.markDirectory(path))
  }

  remove(key: HandleKey): void {
    this.#disk.reach(key, (path) => this.#group.unmarkDirectory(path))
  }

  silence(key: HandleKey): boolean {
    if (this.#silenced >= MAX_SILENCED) return false
    const isDone = this.#disk.reach(key, (path) => this.#group.silence(path) === 0) === true
    if (isDone) this.#silenced++
    return isDone
  }

  unsilence(key: HandleKey): void {
    this.#silenced--
    this.#disk.reach(key, (path) => this.#group.unsilence(path))
  }
}
