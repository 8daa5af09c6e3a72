import { lstatSync } from 'node:fs'
import { inotifyView, type InotifyView } from './filesystemTypes.js'
import { mountsBelow, MountTree, readMounts, type Mount } from './mounts.js'
import { realPath } from './realPath.js'

/** A mount that a root reaches, and what inotify(7) sees of it. */
export interface SeenMount {
  readonly mount: Mount
  readonly view: InotifyView
  /** Its raw path from the root; empty for that in which the root lies. */
  readonly below: string
  /**
   * A single file is mounted there, over a name. Its changes are told to the directory that it comes from, not to
   * that in which it shows; `view` is that of the latter.
   */
  readonly isFile: boolean
}

/**
 * The mount in which a directory lies, by its raw path, then those that are reached below it: all when `recursive`,
 * else, of a directory that is watched for some files only, those on these names.
 */
export function seenMounts(
  directory: string,
  recursive: boolean,
  only: ReadonlySet<string> | undefined,
): SeenMount[] {
  const mounts = readMounts()
  const tree = new MountTree(mounts)
  const real = realPath(directory)
  const own = tree.find(real)
  const below = mountsBelow(real, mounts).filter(({ mountPoint }) =>
    only === undefined ? recursive || isIn(mountPoint, real) : isIn(mountPoint, real, only),
  )
  const seen =
    own === undefined ? [] : [{ mount: own, view: inotifyView(own.type), below: '', isFile: false }]
  for (const mount of below) {
    const isFile = !isDirectory(mount.mountPoint)
    // What is mounted on a directory is watched only with the tree.
    if (!isFile && !recursive) continue
    const shows = isFile ? tree.find(above(mount.mountPoint)) : mount
    const path = mount.mountPoint.slice(real === '/' ? 1 : real.length + 1)
    seen.push({ mount, view: inotifyView((shows ?? mount).type), below: path, isFile })
  }
  return seen
}

/** True for an entry of the directory itself, and one of the names when there are some. */
function isIn(path: string, directory: string, names?: ReadonlySet<string>): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return above(path) === directory && names?.has(name) !== false
}

function above(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(Buffer.from(path, 'latin1')).isDirectory()
  } catch {
    // It may not be looked at, like one of another user by FUSE: most are directories.
    return true
  }
}
