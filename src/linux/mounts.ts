import { readFileSync } from 'node:fs'

/** One line of /proc/PID/mountinfo, see proc_pid_mountinfo(5). Paths are raw bytes as latin1 strings. */
export interface Mount {
  readonly id: number
  /** The mount on which it lies. */
  readonly parent: number
  /** `st_dev` of its files, as `major:minor`. */
  readonly device: string
  /** What of the filesystem is mounted: `/`, or a directory of it for a bind mount. */
  readonly root: string
  readonly mountPoint: string
  /** The type of the filesystem: `ext4`, `fuse.sshfs`. */
  readonly type: string
  /** What is mounted, as the filesystem names it; may be empty. */
  readonly source: string
}

/** The mounts that this process can see; none where /proc does not tell. */
export function readMounts(): Mount[] {
  try {
    return parseMounts(readFileSync('/proc/self/mountinfo', 'latin1'))
  } catch {
    return []
  }
}

/** Reads the text of a mountinfo file. Lines that are none are left out. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    // Between the fields in front and the dash is any number of optional ones.
    const dash = fields.indexOf('-', 6)
    const [id, parent, device, root, mountPoint] = fields
    const [type, source] = fields.slice(dash + 1)
    if (dash < 0 || mountPoint === undefined || type === undefined) return []
    return [
      {
        id: Number(id),
        parent: Number(parent),
        device: device!,
        root: unescape(root!),
        mountPoint: unescape(mountPoint),
        type: unescape(type),
        source: unescape(source ?? ''),
      },
    ]
  })
}

/** The mount in which an absolute path without symbolic links lies: that which is reached when it is walked. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return new MountTree(mounts).find(path)
}

/** The mounts that are reached below a path, without those that others cover, sorted by mount point. */
export function mountsBelow(path: string, mounts: readonly Mount[]): Mount[] {
  const tree = new MountTree(mounts)
  const prefix = path === '/' ? '/' : `${path}/`
  return mounts
    .filter(({ mountPoint }) => mountPoint !== path && mountPoint.startsWith(prefix))
    .filter((mount) => tree.find(mount.mountPoint) === mount)
    .sort((a, b) => (a.mountPoint < b.mountPoint ? -1 : 1))
}

/** Finds mounts as the kernel does: down from the top, and at each mount point on to what is mounted there. */
export class MountTree {
  readonly #on = new Map<string, Mount>()
  readonly #top: Mount | undefined

  constructor(mounts: readonly Mount[]) {
    const ids = new Set(mounts.map(({ id }) => id))
    // In a chroot the mount of / need not be listed.
    this.#top = mounts.find(({ mountPoint, parent }) => mountPoint === '/' && !ids.has(parent))
    this.#top ??= mounts.find(({ mountPoint }) => mountPoint === '/')
    for (const mount of mounts)
      if (mount !== this.#top) this.#on.set(`${mount.parent} ${mount.mountPoint}`, mount)
  }

  find(path: string): Mount | undefined {
    let mount = this.#enter(this.#top, '/')
    for (let end = path.indexOf('/', 1); mount !== undefined; end = path.indexOf('/', end + 1)) {
      mount = this.#enter(mount, end < 0 ? path : path.slice(0, end))
      if (end < 0) return mount
    }
    return mount
  }

  /** Mounts can lie on each other in one place. */
  #enter(mount: Mount | undefined, place: string): Mount | undefined {
    let entered = mount
    // The bound is for a listing that leads back to itself.
    for (let depth = 0; entered !== undefined && depth < 1000; depth++) {
      const next = this.#on.get(`${entered.id} ${place}`)
      if (next === undefined) return entered
      entered = next
    }
    return entered
  }
}

/** The kernel writes space, tab, newline, backslash and `#` as a backslash and three octal digits. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)))
}
