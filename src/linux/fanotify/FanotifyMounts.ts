import type { FsflowError } from '../../errors/index.js'
import { ELOOP, ENOENT, ENOTDIR, ESTALE } from '../errno.js'
import { realPath } from '../realPath.js'
import { mountOf, mountsBelow, readMounts, type Mount } from '../mounts.js'
import { markError } from './fanotifyErrors.js'
import type { FanotifyMarks } from './FanotifyMarks.js'
import type { HandleDisk } from './HandleDisk.js'
import type { HandleKey } from './HandleRecord.js'

/** A mount below a root, whose content belongs to it. */
export interface AttachedMount {
  readonly mountPoint: string
  /** What is mounted; something that stands for it when that is left out. */
  readonly top: HandleKey
  /** The directory in which its mount point lies. */
  readonly above: HandleKey
  readonly name: string
  /** Another source tells what is in it. */
  readonly isLeftOut: boolean
}

const ABSENT: ReadonlySet<number> = new Set([ENOENT, ENOTDIR, ELOOP])

/** What becomes of a mount below a root that cannot be marked. */
export type MountProblem = (mount: Mount, error: FsflowError) => void

/** The mounts that a root reaches: its own, and those below it when it is recursive. */
export function mountsOfRoot(path: string, recursive: boolean): { own: Mount | undefined; below: Mount[] } {
  const real = realPath(path)
  const mounts = readMounts()
  return { own: mountOf(real, mounts), below: recursive ? mountsBelow(real, mounts) : [] }
}

function typeOf(path: string): string {
  return mountsOfRoot(path, false).own?.type ?? 'this filesystem'
}

/** Has the filesystems of roots marked, and knows them by their handles. */
export class FanotifyMounts {
  readonly #disk: HandleDisk
  readonly #marks: FanotifyMarks

  constructor(disk: HandleDisk, marks: FanotifyMarks) {
    this.#disk = disk
    this.#marks = marks
  }

  /** The directory at a raw path, its filesystem marked; `undefined` when there is none. Throws an FsflowError. */
  find(path: string): HandleKey | undefined {
    const found = this.#disk.find(path)
    if (typeof found === 'number') {
      if (ABSENT.has(-found)) return undefined
      throw markError(path, -found, typeOf(path))
    }
    const result = this.#marks.markRoot(path, found)
    if (result < 0) throw markError(path, -result, typeOf(path))
    if (!this.#disk.knows(found.fsid)) this.#disk.add({ fsid: found.fsid, mountId: found.mountId, path })
    // Where the handles of directories cannot be opened (overlayfs), nothing could be found by them.
    if (!this.#disk.isAlive(found.fsid + found.handle)) throw markError(path, ESTALE, typeOf(path))
    // Again: only what is found behind the mark is told of when it changes.
    const again = this.#disk.find(path)
    return typeof again === 'number' ? undefined : again.fsid + again.handle
  }

  /** The directories below a root in which something is mounted. */
  parents(root: string): HandleKey[] {
    return mountsOfRoot(root, true).below.flatMap(({ mountPoint }) => {
      const above = this.#disk.find(directoryOf(mountPoint))
      return typeof above === 'number' ? [] : above.fsid + above.handle
    })
  }

  /** Forgets what is not mounted any more. */
  refresh(): void {
    const ids = new Set(readMounts().map(({ id }) => id))
    for (const { fsid, mountId } of this.#disk.filesystems) {
      if (ids.has(mountId)) continue
      this.#disk.remove(fsid)
      this.#marks.forget(fsid)
    }
  }

  /** Marks what is mounted below a root, but for those that `leavesOut` names; what cannot be marked goes to `problem`. */
  attach(root: string, leavesOut: (mountPoint: string) => boolean, problem: MountProblem): AttachedMount[] {
    const attached: AttachedMount[] = []
    for (const mount of mountsOfRoot(root, true).below) {
      const { mountPoint } = mount
      const isLeftOut = leavesOut(mountPoint)
      try {
        const top = isLeftOut ? `left out: ${mountPoint}` : this.find(mountPoint)
        const above = this.#disk.find(directoryOf(mountPoint))
        if (top === undefined || typeof above === 'number') continue
        const name = mountPoint.slice(mountPoint.lastIndexOf('/') + 1)
        attached.push({ mountPoint, top, above: above.fsid + above.handle, name, isLeftOut })
      } catch (error) {
        problem(mount, error as FsflowError)
      }
    }
    return attached
  }
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}
