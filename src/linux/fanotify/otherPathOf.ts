import { MountTree, type Mount } from '../mounts.js'

/**
 * The raw path under which what is mounted by `mount` can be reached as well, when that `isSeen`. Of several mounts
 * of one directory, the first one that was made counts as its place.
 */
export function otherPathOf(
  mount: Mount,
  mounts: readonly Mount[],
  isSeen: (path: string) => boolean,
): string | undefined {
  let tree: MountTree | undefined
  for (const other of mounts) {
    if (other === mount || other.device !== mount.device) continue
    const isSame = other.root === mount.root
    if (isSame && other.id > mount.id) continue
    if (!isSame && !mount.root.startsWith(other.root === '/' ? '/' : `${other.root}/`)) continue
    const rest = mount.root.slice(other.root === '/' ? 1 : other.root.length + 1)
    const path =
      rest === '' ? other.mountPoint : `${other.mountPoint === '/' ? '' : other.mountPoint}/${rest}`
    tree ??= new MountTree(mounts)
    // It may be covered by another mount there.
    if (isSeen(path) && tree.find(path) === other) return path
  }
  return undefined
}
