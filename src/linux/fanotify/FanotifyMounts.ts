import type { FsflowError } from '../../errors/index.js'
import { ELOOP, ENOENT, ENOTDIR, ESTALE } from '../errno.js'
import { realPath } from '../realPath.js'
import { mountOf, mountsBelow, readMounts, type Mount } from '../mounts.js'
import { markError } from './fanotifyErrors.js'
import type { FanotifyMarks } from './FanotifyMarks.js'
import type { HandleDisk } from './HandleDisk.js'
import type { HandleKey } from './HandleRecord.js'
import { otherPathOf } from './otherPathOf.js'

/** A mount below a root, whose content belongs to it. */
export interface AttachedMount {
  readonly mountPoint: string
  /** What is mounted; something that stands for it when that is left out. */
  readonly top: HandleKey
  /** The directory in which its mount point lies. */
  readonly above: HandleKey
  readonly name: string
  /** `elsewhere`: what is in it is told under another path. `nowhere`: another source tells of it. */
  readonly told: 'here' | 'elsewhere' | 'nowhere'
}

/** What is decided about a mount below a root. */
export interface MountPolicy {
  /** True when another source watches what is mounted at a raw path. */
  leavesOut(mountPoint: string): boolean
  /** True when what is at a raw path is told under that path. */
  isSeen(path: string): boolean
  /** It is there under another raw path too, under which it is told. */
  alias(mount: Mount, other: string): void
  /** It cannot be marked. */
  problem(mount: Mount, error: FsflowError): void
}

const ABSENT: ReadonlySet<number> = new Set([ENOENT, ENOTDIR, ELOOP])

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
    if (!this.#disk.knows(found.fsid)) {
      const { fsid, mountId } = found
      // The path itself may vanish while its filesystem is still needed.
      const mount = readMounts().find(({ id }) => id === mountId)
      this.#disk.add({ fsid, mountId, paths: mount === undefined ? [path] : [mount.mountPoint, path] })
    }
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

  /** Marks what is mounted below a root, as far as it is told here. */
  attach(root: string, policy: MountPolicy): AttachedMount[] {
    const attached: AttachedMount[] = []
    const mounts = readMounts()
    for (const mount of mountsBelow(realPath(root), mounts)) {
      const { mountPoint } = mount
      const above = this.#disk.find(directoryOf(mountPoint))
      if (typeof above === 'number') continue
      const place = {
        mountPoint,
        above: above.fsid + above.handle,
        name: mountPoint.slice(mountPoint.lastIndexOf('/') + 1),
      }
      const other = otherPathOf(mount, mounts, (path) => policy.isSeen(path))
      if (policy.leavesOut(mountPoint) || other !== undefined) {
        if (other !== undefined) policy.alias(mount, other)
        const told = other === undefined ? 'nowhere' : 'elsewhere'
        attached.push({ ...place, top: `${told}: ${mountPoint}`, told })
        continue
      }
      try {
        const top = this.find(mountPoint)
        if (top !== undefined) attached.push({ ...place, top, told: 'here' })
      } catch (error) {
        policy.problem(mount, error as FsflowError)
      }
    }
    return attached
  }
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}
