import { SimulatedError } from './simulatedError.js'
import type { SimulatedDentry, SimulatedInode } from './simulatedTree.js'

const PATH_MAX = 4096
const NAME_MAX = 255
const MAX_SYMLINKS = 40

export interface Walked {
  /** The directory that holds the last component. */
  readonly parent: SimulatedDentry
  readonly name: string
  /** What the last component is: only a `name` can be created, removed or renamed. */
  readonly kind: 'name' | 'dot' | 'dotdot' | 'root'
  /** The path ends with a slash, so it must be a directory. */
  readonly slash: boolean
  readonly dentry: SimulatedDentry | undefined
}

export interface WalkOptions {
  /**
   * Whether to follow a symlink as the last component. `never`: not even before a slash (mkdir, unlink, rename).
   * `create`: yes, but a slash at the end is EISDIR (open with O_CREAT).
   */
  readonly follow: 'yes' | 'no' | 'never' | 'create'
  /** Where a relative path starts. */
  readonly at?: SimulatedDentry | undefined
  /** The owner needs search permission on each directory; without it the walk is root's. */
  readonly asOwner?: boolean
}

/** Path resolution of path_resolution(7). */
export function walk(root: SimulatedDentry, path: string, options: WalkOptions): Walked {
  if (path === '') throw new SimulatedError('ENOENT', 'empty path')
  if (path.length >= PATH_MAX) throw new SimulatedError('ENAMETOOLONG', path)
  let at = startOf(root, path, options.at)
  let slash = path.endsWith('/')
  let links = 0
  const pending = componentsOf(path)
  if (pending.length === 0) return { parent: root, name: '/', kind: 'root', slash, dentry: root }
  for (;;) {
    const name = pending.pop()!
    const last = pending.length === 0
    if (options.asOwner === true && !mayBy(at.inode, 0o100)) throw new SimulatedError('EACCES', path)
    if (name === '.' || name === '..') {
      if (name === '..') at = at.parent
      if (last) return { parent: at, name, kind: name === '.' ? 'dot' : 'dotdot', slash, dentry: at }
      continue
    }
    if (!last || options.follow !== 'never') checkName(name, path)
    if (last && slash && options.follow === 'create') throw new SimulatedError('EISDIR', path)
    const next = at.inode.entries.get(name)
    const follow = !last || (options.follow === 'no' ? slash : options.follow !== 'never')
    if (next?.inode.type === 'symlink' && follow) {
      if (links++ >= MAX_SYMLINKS) throw new SimulatedError('ELOOP', path)
      const target = next.inode.content
      at = startOf(root, target, at)
      if (last) slash ||= target.endsWith('/')
      const components = componentsOf(target)
      if (components.length === 0 && last)
        return { parent: root, name: '/', kind: 'root', slash, dentry: root }
      pending.push(...components)
    } else if (last) {
      return { parent: at, name, kind: 'name', slash, dentry: next }
    } else {
      if (next === undefined) throw new SimulatedError('ENOENT', path)
      if (next.inode.type !== 'directory') throw new SimulatedError('ENOTDIR', path)
      at = next
    }
  }
}

/**
 * Throws ENAMETOOLONG. The calls that create, remove or rename look at the kind of the last component first, so
 * a walk that follows `never` leaves it to them.
 */
export function checkName(name: string, path: string): void {
  if (name.length > NAME_MAX) throw new SimulatedError('ENAMETOOLONG', path)
}

/** The dentry that a walk ended at; throws ENAMETOOLONG, ENOENT when there is none, ENOTDIR for a slash behind anything else. */
export function found(walked: Walked, path: string): SimulatedDentry {
  checkName(walked.name, path)
  if (walked.dentry === undefined) throw new SimulatedError('ENOENT', path)
  if (walked.slash && walked.dentry.inode.type !== 'directory') throw new SimulatedError('ENOTDIR', path)
  return walked.dentry
}

/** Permission of the owner: 0o400 to read, 0o100 to search. */
export function mayBy(inode: SimulatedInode, bit: number): boolean {
  return (inode.mode & bit) !== 0
}

function startOf(root: SimulatedDentry, path: string, at: SimulatedDentry | undefined): SimulatedDentry {
  if (path.startsWith('/')) return root
  if (at === undefined) throw new TypeError(`not an absolute path: ${path}`)
  return at
}

/** The last component first. */
function componentsOf(path: string): string[] {
  const components: string[] = []
  for (let end = path.length; end > 0;) {
    const slash = path.lastIndexOf('/', end - 1)
    if (slash + 1 < end) components.push(path.slice(slash + 1, end))
    end = slash
  }
  return components
}
