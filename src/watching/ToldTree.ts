import type { FileEvent } from '../events/index.js'
import { rawFromText } from '../linux/rawPath.js'
import type { FoundEntry } from './DiskTree.js'

/** One thing in which the disk and what was told do not agree. */
export interface TreeDifference {
  /** `missing`: on the disk and not told; `extra`: told and not on the disk; `kind`: told as the wrong kind. */
  readonly problem: 'missing' | 'extra' | 'kind'
  /** Raw bytes as a latin1 string. */
  readonly path: string
}

interface ToldEntry {
  /** `undefined` for a name above what was told of. */
  isDirectory: boolean | undefined
  children: Map<string, ToldEntry> | undefined
}

// The halves of a rename follow each other closely; a tree that moved out has no second half.
const MAX_MOVING = 1000

/**
 * What a consumer of the stream holds: the names that it has been told, and which of them are directories.
 *
 * It is filled from a listing taken after `MONITOR_START`, and then every event is applied, raw or joined; see
 * docs/semantics.md. Paths are raw bytes as latin1 strings, so that names that are not UTF-8 lie where they
 * belong. It has no clock and does no I/O.
 */
export class ToldTree {
  readonly #top: ToldEntry = { isDirectory: undefined, children: undefined }
  /** Directories that were taken out by a `MOVED_FROM`, by its cookie. */
  readonly #moving = new Map<number, ToldEntry>()

  /** True for a directory, false for anything else, `undefined` for what was not told. */
  get(path: string): boolean | undefined {
    return this.#find(path)?.isDirectory
  }

  /** True when something was told below a path. */
  hasBelow(path: string): boolean {
    return (this.#find(path)?.children?.size ?? 0) > 0
  }

  /** Puts an entry as a listing has found it; `undefined` takes it out, with all below. */
  set(path: string, isDirectory: boolean | undefined): void {
    if (isDirectory === undefined) this.#cut(path)
    else this.#arrive(path, isDirectory, undefined)
  }

  apply(event: FileEvent): void {
    switch (event.eventType) {
      case 'CREATE':
        this.#arrive(rawPath(event), event.isDirectory, undefined)
        break
      case 'RENAME':
        this.#arrive(rawPath(event), event.isDirectory, this.#cut(rawOldPath(event)))
        break
      case 'MOVED_FROM': {
        const entry = this.#cut(rawPath(event))
        if (entry?.children !== undefined) this.#keep(event.cookie!, entry)
        break
      }
      case 'MOVED_TO':
        this.#arrive(rawPath(event), event.isDirectory, this.#moving.get(event.cookie!))
        this.#moving.delete(event.cookie!)
        break
      // The last two are told of roots only.
      case 'DELETE':
      case 'DELETE_SELF':
      case 'MOVE_SELF':
        this.#cut(rawPath(event))
        break
      default:
    }
  }

  /** Every entry at or below a path, parents before children. */
  entries(path = '/'): Generator<[path: string, isDirectory: boolean]> {
    const entry = this.#find(path)
    return entry === undefined ? nothing() : below(entry, path)
  }

  /** Compares what was told of a directory with a listing of it; an entry that is gone, with all below it. */
  *differencesIn(directory: string, listing: readonly FoundEntry[]): Generator<TreeDifference> {
    const told = this.#find(directory)?.children
    const listed = new Set<string>()
    for (const { name, isDirectory } of listing) {
      listed.add(name)
      const kind = told?.get(name)?.isDirectory
      if (kind === isDirectory) continue
      yield { problem: kind === undefined ? 'missing' : 'kind', path: join(directory, name) }
    }
    for (const [name, entry] of told ?? []) {
      if (listed.has(name)) continue
      for (const [path] of below(entry, join(directory, name))) yield { problem: 'extra', path }
    }
  }

  #find(path: string): ToldEntry | undefined {
    let entry: ToldEntry | undefined = this.#top
    for (const name of namesOf(path)) entry = entry?.children?.get(name)
    return entry
  }

  #arrive(path: string, isDirectory: boolean, moved: ToldEntry | undefined): void {
    let entry = this.#top
    for (const name of namesOf(path)) {
      entry.children ??= new Map()
      let child = entry.children.get(name)
      if (child === undefined)
        entry.children.set(name, (child = { isDirectory: undefined, children: undefined }))
      entry = child
    }
    entry.isDirectory = isDirectory
    if (!isDirectory) entry.children = undefined
    // What is known below a directory stays: the listing may have been ahead of the event.
    else if (moved?.children !== undefined) merge(moved.children, entry)
  }

  #cut(path: string): ToldEntry | undefined {
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    if (name === '') return this.#cutAll()
    const siblings = this.#find(path.slice(0, slash))?.children
    const entry = siblings?.get(name)
    siblings?.delete(name)
    return entry
  }

  #cutAll(): ToldEntry {
    const { isDirectory, children } = this.#top
    this.#top.isDirectory = this.#top.children = undefined
    return { isDirectory, children }
  }

  #keep(cookie: number, entry: ToldEntry): void {
    this.#moving.set(cookie, entry)
    if (this.#moving.size <= MAX_MOVING) return
    for (const oldest of this.#moving.keys()) {
      this.#moving.delete(oldest)
      return
    }
  }
}

function merge(from: ReadonlyMap<string, ToldEntry>, to: ToldEntry): void {
  to.children ??= new Map()
  for (const [name, entry] of from) {
    const existing = to.children.get(name)
    if (existing === undefined || entry.isDirectory === false) to.children.set(name, entry)
    else {
      existing.isDirectory = entry.isDirectory
      if (entry.children !== undefined) merge(entry.children, existing)
    }
  }
}

function* below(entry: ToldEntry, path: string): Generator<[string, boolean]> {
  const { isDirectory, children } = entry
  if (isDirectory !== undefined) yield [path, isDirectory]
  for (const [name, child] of children ?? []) yield* below(child, join(path, name))
}

function* nothing(): Generator<never> {
  // No entries.
}

function namesOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}

function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}

function rawPath({ filePath, filePathBytes }: FileEvent): string {
  return filePathBytes === undefined ? rawFromText(filePath) : latin1(filePathBytes)
}

function rawOldPath({ oldPath = '', oldPathBytes }: FileEvent): string {
  return oldPathBytes === undefined ? rawFromText(oldPath) : latin1(oldPathBytes)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
