import { inotifyView } from './filesystemTypes.js'
import { realPath } from './realPath.js'
import { MountTree, readMounts, type Mount } from './mounts.js'

/** The mounts of this process as they are now, and what changed since the last look. Paths are raw. */
export class MountView {
  #mounts = readMounts()
  #tree = new MountTree(this.#mounts)
  #points = pointsOf(this.#mounts)

  /** Looks again; returns the paths at which something was mounted or unmounted. */
  refresh(): string[] {
    const mounts = readMounts()
    const points = pointsOf(mounts)
    const changed: string[] = []
    for (const [point, identity] of points) if (this.#points.get(point) !== identity) changed.push(point)
    for (const point of this.#points.keys()) if (!points.has(point)) changed.push(point)
    if (changed.length === 0) return changed
    this.#mounts = mounts
    this.#tree = new MountTree(mounts)
    this.#points = points
    return changed
  }

  /** What is mounted at this very path. */
  at(path: string): Mount | undefined {
    return this.#points.has(path) ? this.#tree.find(path) : undefined
  }

  /** The mount in which a path lies, wherever symbolic links lead. */
  of(path: string): Mount | undefined {
    return this.#tree.find(realPath(path))
  }
}

/** True when others can change what is mounted without a record, so that only comparing tells. */
export function isPolled(mount: Mount | undefined): boolean {
  return mount !== undefined && inotifyView(mount.type).polled
}

/** For a root, by its raw path, where a changed mount point lies: below it, or (empty) at or above it. */
export function placeBelow(root: string, mountPoint: string): string | undefined {
  const real = realPath(root)
  const above = (path: string): string => (path === '/' ? '/' : `${path}/`)
  if (real === mountPoint || real.startsWith(above(mountPoint))) return ''
  return mountPoint.startsWith(above(real)) ? mountPoint.slice(above(real).length) : undefined
}

function pointsOf(mounts: readonly Mount[]): Map<string, string> {
  const points = new Map<string, string>()
  for (const { mountPoint, id, device, root } of mounts) {
    points.set(mountPoint, `${points.get(mountPoint) ?? ''} ${id} ${device} ${root}`)
  }
  return points
}
