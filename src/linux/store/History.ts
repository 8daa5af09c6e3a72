import { closeSync, constants, existsSync, fsyncSync, openSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { FsflowError } from '../../errors/index.js'
import { ObjectStore } from './ObjectStore.js'
import { findStoreDirectory } from './storeDirectory.js'
import { indexPath, lineOf, readIndex, type VersionRecord } from './VersionIndex.js'
import { writeWhole } from './writeWhole.js'

/** A version of a file: those of one path are numbered from 1. */
export type Version = VersionRecord & { readonly number: number }

export interface PruneOptions {
  /** How many versions of each path to keep at most: the newest. */
  readonly keep: number | undefined
  /** Versions that were followed by another one before this time are given up. */
  readonly before: string | undefined
  /** Only say what would be given up. */
  readonly dryRun: boolean
}

/** What was given up, or would be. */
export interface Pruned {
  readonly versions: number
  readonly contents: number
  /** On the disk. */
  readonly bytes: number
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

/** The versions that a store keeps, for reading and pruning. */
export class History {
  readonly #store: ObjectStore

  /** Throws FSFLOW_PATH_NOT_FOUND when there is no store. */
  constructor(directory: string, mode: 'shared' | 'exclusive' = 'shared') {
    this.#store = new ObjectStore(findStoreDirectory(directory), mode)
  }

  /** All versions whose content is there, by path, in their order. */
  all(): Map<string, Version[]> {
    return this.#collect(() => true)
  }

  /** The versions of one path; none when it has none. */
  versions(path: string): readonly Version[] {
    return [...this.#collect((record) => record.path === path).values()].flat()
  }

  /** The bytes of a version. Throws FSFLOW_PATH_NOT_FOUND when they are damaged. */
  content(version: Version): Buffer {
    const bytes = this.#store.get(version.sha256)
    if (bytes !== undefined) return bytes
    throw new FsflowError({
      code: 'FSFLOW_PATH_NOT_FOUND',
      message: `the content of ${version.path}@${version.number} is damaged`,
      path: this.#store.pathOf(version.sha256),
      hint: 'Only a crash of the system or a failing disk does that; other versions are not concerned.',
    })
  }

  /** Gives up versions, and the contents that no other version has. Needs the store for itself. */
  prune(options: PruneOptions): Pruned {
    const kept: Version[] = []
    let versions = 0
    for (const list of this.all().values()) {
      const survivors = list.filter((_, index) => isKept(list, index, options))
      versions += list.length - survivors.length
      kept.push(...survivors)
    }
    const needed = new Set(kept.map(({ sha256 }) => sha256))
    const unneeded = this.#objects().filter((sha256) => !needed.has(sha256))
    const bytes = unneeded.reduce((sum, sha256) => sum + this.#store.sizeOf(sha256), 0)
    if (!options.dryRun) {
      // The index first: a version without its content must never be told.
      this.#rewrite(kept)
      for (const sha256 of unneeded) this.#store.remove(sha256)
    }
    return { versions, contents: unneeded.length, bytes }
  }

  close(): void {
    this.#store.close()
  }

  #collect(wanted: (record: VersionRecord) => boolean): Map<string, Version[]> {
    const byPath = new Map<string, Version[]>()
    const numbers = new Map<string, { number: number; sha256: string }>()
    for (const record of readIndex(this.#store.directory)) {
      if (!wanted(record)) continue
      const key = record.path_bytes === undefined ? record.path : `\0${record.path_bytes}`
      const last = numbers.get(key)
      // The same content once more, as after a restart, is no other version.
      if (last?.sha256 === record.sha256 && record.number === undefined) continue
      const number = record.number ?? (last?.number ?? 0) + 1
      numbers.set(key, { number, sha256: record.sha256 })
      if (!existsSync(this.#store.pathOf(record.sha256))) continue
      const list = byPath.get(key) ?? []
      list.push({ ...record, number })
      byPath.set(key, list)
    }
    return byPath
  }

  #objects(): string[] {
    const folder = join(this.#store.directory, 'objects')
    return readdirSync(folder).flatMap((start) => readdirSync(join(folder, start)).map((end) => start + end))
  }

  #rewrite(versions: readonly Version[]): void {
    const { directory } = this.#store
    const temporary = join(directory, 'tmp', `index-${process.pid}`)
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      for (const version of versions) writeWhole(fd, Buffer.from(lineOf(version)))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, indexPath(directory))
    const folder = openSync(directory, O_RDONLY)
    fsyncSync(folder)
    closeSync(folder)
  }
}

/** The newest version is always kept. */
function isKept(list: readonly Version[], index: number, { keep, before }: PruneOptions): boolean {
  const next = list[index + 1]
  if (next === undefined) return true
  if (keep !== undefined && index < list.length - keep) return false
  return before === undefined || next.timestamp >= before
}
