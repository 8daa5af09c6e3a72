import { EACCES, ENOENT, ENOTDIR, EPERM } from '../linux/errno.js'
import { textFromRaw } from '../linux/rawPath.js'
import type { DirectoryEntry, FileIdentity } from './port.js'

/** What it needs of the kernel; results below 0 are -errno. */
export interface DiskPort {
  list(path: string): readonly Pick<DirectoryEntry, 'name' | 'type'>[] | number
  identify(path: string): Pick<FileIdentity, 'type' | 'dev' | 'ino'> | number
}

export interface FoundEntry {
  /** Raw bytes as a latin1 string. */
  readonly name: string
  readonly isDirectory: boolean
}

export interface DiskRoot {
  /** Raw absolute path. */
  readonly path: string
  /** The names that are meant; `undefined` for all. */
  readonly only: ReadonlySet<string> | undefined
}

/** A directory as it was listed. */
export interface FoundDirectory {
  readonly path: string
  readonly entries: readonly FoundEntry[]
}

export interface DiskTreeOptions {
  /**
   * Directories that symbolic links lead to are listed too, each directory once. Of several ways to one, that is
   * taken for which this is true: something was told below the path. Else it is the first one, breadth first, as when
   * it is watched.
   */
  readonly followSymlinks?: ((path: string) => boolean) | undefined
}

/** A directory that is still to be listed. */
interface Place {
  readonly root: DiskRoot
  /** Its path from there. */
  readonly relative: string
  /** It is reached through a link below the root. */
  readonly isLinked: boolean
}

/** What is on the disk at and below some roots, looked at from outside of the watching code. */
export class DiskTree {
  readonly #port: DiskPort
  readonly #roots: readonly DiskRoot[]
  readonly #passes: (path: string, isDirectory: boolean) => boolean
  readonly #isTold: ((path: string) => boolean) | undefined
  /** The directories that are reached without a link, by the last walk. */
  #real = new Set<string>()
  /** The ways to each directory that is reached through links. */
  #linked = new Map<string, Set<string>>()
  /** Directories that the last walk could not read. */
  unreadable = 0

  /** `passes` says what counts, by the path relative to the root, as text. */
  constructor(
    port: DiskPort,
    roots: readonly DiskRoot[],
    passes: (path: string, isDirectory: boolean) => boolean,
    { followSymlinks }: DiskTreeOptions = {},
  ) {
    this.#port = port
    this.#roots = roots
    this.#passes = passes
    this.#isTold = followSymlinks
  }

  /** Lists one directory after the other, parents first; `undefined` is a step that has nothing to show. */
  *directories(): Generator<FoundDirectory | undefined> {
    this.#real = new Set()
    this.#linked = new Map()
    const ways = new Map<string, string>()
    const isTold = this.#isTold
    if (isTold !== undefined) {
      const learn = (place: Place, path: string): boolean => {
        const identity = this.#identityOf(path)
        if (!place.isLinked) {
          this.#real.add(identity)
          return true
        }
        if (!isTold(path) || ways.has(identity)) return false
        ways.set(identity, path)
        return true
      }
      const steps = this.#walk(learn)
      while (steps.next().done !== true) yield undefined
    }
    this.unreadable = 0
    yield* this.#walk((place, path) => !place.isLinked || this.#isTheWay(path, ways))
  }

  /** True when a directory that is reached through a link is to be listed under this path. */
  #isTheWay(path: string, ways: Map<string, string>): boolean {
    const identity = this.#identityOf(path)
    if (identity === '') return false
    const known = this.#linked.get(identity)
    if (known === undefined) this.#linked.set(identity, new Set([path]))
    else known.add(path)
    if (this.#real.has(identity)) return false
    const way = ways.get(identity) ?? path
    ways.set(identity, way)
    return way === path
  }

  /** Lists the places, breadth first, that `enters` lets in. */
  *#walk(enters: (place: Place, path: string) => boolean): Generator<FoundDirectory> {
    const places: Place[] = this.#roots.map((root) => ({ root, relative: '', isLinked: false }))
    for (const place of places) {
      const path = below(place.root.path, place.relative)
      if (!enters(place, path)) continue
      const entries = this.#entries(place, path, places)
      if (entries !== undefined) yield { path, entries }
    }
  }

  /** True for a directory, false for anything else, `undefined` for nothing, `null` when it cannot be known. */
  kindOf(path: string): boolean | undefined | null {
    if (this.#isToldElsewhere(path.slice(0, path.lastIndexOf('/')))) return undefined
    const identity = this.#port.identify(path)
    if (typeof identity !== 'number') return identity.type === 'directory'
    return identity === -ENOENT || identity === -ENOTDIR ? undefined : null
  }

  /** True for one of several ways to a directory, when its content is told under another one. */
  #isToldElsewhere(directory: string): boolean {
    const isTold = this.#isTold
    if (isTold === undefined || this.#linked.size === 0) return false
    const identity = this.#identityOf(directory)
    const ways = this.#linked.get(identity)
    if (ways?.has(directory) !== true) return false
    return this.#real.has(identity) || (!isTold(directory) && [...ways].some(isTold))
  }

  /** Of the directory that a path leads to; empty when there is none. */
  #identityOf(path: string): string {
    const identity = this.#port.identify(inside(path))
    return typeof identity === 'number' ? '' : `${identity.dev} ${identity.ino}`
  }

  #entries({ root, relative, isLinked }: Place, path: string, places: Place[]): FoundEntry[] | undefined {
    // A root may be a link to a directory, which listing does not follow.
    const listed = this.#port.list(relative === '' || isLinked ? inside(path) : path)
    if (typeof listed === 'number') {
      if (listed === -EACCES || listed === -EPERM) this.unreadable++
      // A root that is gone is empty. A directory that is gone was there a moment ago: it is left for later.
      const gone = listed === -ENOENT || listed === -ENOTDIR
      return gone && relative === '' ? [] : undefined
    }
    const entries: FoundEntry[] = []
    const { only } = root
    for (const { name, type } of listed) {
      if (only !== undefined && !only.has(name)) continue
      const isDirectory = type === 'directory'
      const place = relative === '' ? name : `${relative}/${name}`
      const text = textFromRaw(place)
      const isFollowed = type === 'symlink' && this.#isTold !== undefined && this.#passes(text, true)
      const passes = this.#passes(text, isDirectory)
      if (passes) entries.push({ name, isDirectory })
      if (only === undefined && (isFollowed || (passes && isDirectory))) {
        places.push({ root, relative: place, isLinked: isLinked || isFollowed })
      }
    }
    return entries
  }
}

function inside(path: string): string {
  return `${path === '/' ? '' : path}/.`
}

function below(root: string, relative: string): string {
  if (relative === '') return root
  return root === '/' ? `/${relative}` : `${root}/${relative}`
}
