import { EACCES, ENOENT, ENOTDIR, EPERM } from '../linux/errno.js'
import { textFromRaw } from '../linux/rawPath.js'
import type { DirectoryEntry, FileIdentity } from './port.js'

/** What it needs of the kernel; results below 0 are -errno. */
export interface DiskPort {
  list(path: string): readonly Pick<DirectoryEntry, 'name' | 'type'>[] | number
  identify(path: string): Pick<FileIdentity, 'type'> | number
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

/** What is on the disk at and below some roots, looked at from outside of the watching code. */
export class DiskTree {
  readonly #port: DiskPort
  readonly #roots: readonly DiskRoot[]
  readonly #passes: (path: string, isDirectory: boolean) => boolean
  /** Directories that the last walk could not read. */
  unreadable = 0

  /** `passes` says what counts, by the path relative to the root, as text. */
  constructor(
    port: DiskPort,
    roots: readonly DiskRoot[],
    passes: (path: string, isDirectory: boolean) => boolean,
  ) {
    this.#port = port
    this.#roots = roots
    this.#passes = passes
  }

  /** Lists one directory after the other, parents first. Symbolic links below a root are not followed. */
  *directories(): Generator<FoundDirectory> {
    this.unreadable = 0
    for (const { path: root, only } of this.#roots) {
      const pending = ['']
      for (let relative = pending.pop(); relative !== undefined; relative = pending.pop()) {
        const entries = this.#entries(root, relative, only)
        if (entries === undefined) continue
        yield { path: below(root, relative), entries }
        if (only !== undefined) continue
        for (const { name, isDirectory } of entries) {
          if (isDirectory) pending.push(relative === '' ? name : `${relative}/${name}`)
        }
      }
    }
  }

  /** True for a directory, false for anything else, `undefined` for nothing, `null` when it cannot be known. */
  kindOf(path: string): boolean | undefined | null {
    const identity = this.#port.identify(path)
    if (typeof identity !== 'number') return identity.type === 'directory'
    return identity === -ENOENT || identity === -ENOTDIR ? undefined : null
  }

  #entries(root: string, relative: string, only: ReadonlySet<string> | undefined): FoundEntry[] | undefined {
    // A root may be a link to a directory, which listing does not follow.
    const listed = this.#port.list(relative === '' ? `${root === '/' ? '' : root}/.` : below(root, relative))
    if (typeof listed === 'number') {
      if (listed === -EACCES || listed === -EPERM) this.unreadable++
      // A root that is gone is empty. A directory that is gone was there a moment ago: it is left for later.
      const gone = listed === -ENOENT || listed === -ENOTDIR
      return gone && relative === '' ? [] : undefined
    }
    const above = relative === '' ? '' : `${textFromRaw(relative)}/`
    const entries: FoundEntry[] = []
    for (const { name, type } of listed) {
      if (only !== undefined && !only.has(name)) continue
      const isDirectory = type === 'directory'
      if (this.#passes(above + textFromRaw(name), isDirectory)) entries.push({ name, isDirectory })
    }
    return entries
  }
}

function below(root: string, relative: string): string {
  if (relative === '') return root
  return root === '/' ? `/${relative}` : `${root}/${relative}`
}
