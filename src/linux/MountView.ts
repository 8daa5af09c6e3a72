import { identify } from './DirectoryReader.js'
import { MountTree, readMounts, type Mount } from './mounts.js'
import { realPath } from './realPath.js'

/** A place from which paths may lead elsewhere: a root, or a mount point below one. */
export interface MountPlace {
  /** The root, as it was given. */
  readonly root: string
  /** The raw path from there; empty for the root itself. */
  readonly below: string
  /**
   * The device of what was mounted there, when that is not mounted any more: what is of that device and is not found
   * there now has gone with it.
   */
  readonly unmounted: number | undefined
}

interface Known {
  readonly mounts: readonly Mount[]
  /** By path, of the directory that it led to. */
  readonly devices: ReadonlyMap<string, number>
}

/** The mounts of this process, and where something may have been mounted or unmounted since they were last accepted. */
export class MountView {
  #accepted: Known = { mounts: [], devices: new Map() }
  #latest = this.#accepted

  /**
   * Looks at what is mounted at, above or below some roots, by their raw paths. Every mount point is named, also one
   * at which nothing seems to have changed: the kernel gives a new mount the numbers of one that is gone.
   */
  places(roots: readonly string[]): MountPlace[] {
    const { mounts, devices } = this.#accepted
    const before = new MountTree(mounts)
    const latest = readMounts()
    const now = new MountTree(latest)
    const mounted = new Set(latest.map(identityOf))
    const isUnmounted = (path: string): boolean => {
      const mount = before.find(path)
      if (mount === undefined) return false
      return !mounted.has(identityOf(mount)) || (mount.mountPoint === path && isSame(mount, now.find(path)))
    }
    const found = new Map<string, number>()
    const points = new Set([...mounts, ...latest].map(({ mountPoint }) => mountPoint))
    const places = roots.flatMap((root) => {
      const real = realPath(root)
      const prefix = real === '/' ? '/' : `${real}/`
      const below = [...points].filter((point) => point.startsWith(prefix) && point !== real)
      return [real, ...below].map((path) => {
        const identity = identify(path)
        if (typeof identity !== 'number') found.set(path, identity.dev)
        const unmounted = isUnmounted(path) ? devices.get(path) : undefined
        return { root, below: path.slice(prefix.length), unmounted }
      })
    })
    this.#latest = { mounts: latest, devices: found }
    return places
  }

  /** What the last look has found is known from now on. */
  accept(): void {
    this.#accepted = this.#latest
  }
}

function isSame(mount: Mount, other: Mount | undefined): boolean {
  return other !== undefined && identityOf(mount) === identityOf(other)
}

function identityOf({ id, device, root }: Mount): string {
  return `${id} ${device} ${root}`
}
