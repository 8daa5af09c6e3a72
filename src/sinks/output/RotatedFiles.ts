import { constants, type BigIntStats, type Dirent } from 'node:fs'
import { lstat, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { OwnAct } from '../../contracts/index.js'
import { errnoOf } from './sinkErrors.js'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

const stampPattern = /^\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/

/** What becomes of files that are put aside. */
export interface Keeping {
  readonly keep: number
  readonly compress: boolean
}

/** A file that was put aside. */
interface RotatedFile {
  /** Its path without an ending. */
  readonly path: string
  readonly millis: number
  /** Which of them are there: `''` as it was written, `.gz` compressed, `.new` one that never took its place. */
  readonly endings: Set<string>
}

/** `undefined` when it fails since there is no such file. */
async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What is at the path itself, a link not followed. */
export function whatIsAt(path: string): Promise<BigIntStats | undefined> {
  return ifThere(lstat(path, { bigint: true }))
}

/** The regular files among `entries` that have the name of one that was put aside for `path`, the oldest first. */
function rotatedAmong(entries: readonly Dirent[], path: string): RotatedFile[] {
  const base = basename(path)
  const found = new Map<string, RotatedFile>()
  for (const entry of entries) {
    if (!entry.name.startsWith(base) || !entry.isFile()) continue
    const [, stamp = '', ending = ''] = /^(.*?)((?:\.gz|\.new)?)$/s.exec(entry.name.slice(base.length))!
    const parts = stampPattern.exec(stamp)
    if (parts === null) continue
    const [year, month, ...rest] = parts.slice(1).map(Number) as [number, number, number, ...number[]]
    const millis = Date.UTC(year, month - 1, ...rest)
    const file = found.get(stamp) ?? { path: path + stamp, millis, endings: new Set() }
    file.endings.add(ending)
    found.set(stamp, file)
  }
  return [...found.values()].sort((one, other) => one.millis - other.millis)
}

/** The files that were put aside for the one at `path`. The directory is read once, for to read is to cause events. */
export class RotatedFiles {
  readonly #path: string
  readonly #announce: (act: OwnAct) => void
  #files: RotatedFile[] = []
  #newest = 0

  constructor(path: string, announce: (act: OwnAct) => void) {
    this.#path = path
    this.#announce = announce
  }

  /** Finds those that are there, and clears what a process has left that was killed while it put `current` aside. */
  async find(current: { readonly dev: bigint; readonly ino: bigint }): Promise<void> {
    const found = rotatedAmong(await readdir(dirname(this.#path), { withFileTypes: true }), this.#path)
    for (const { path, endings } of found) {
      if (endings.delete('.new')) await unlink(`${path}.new`)
      if (!endings.has('')) continue
      const there = await whatIsAt(path)
      if (there?.ino !== current.ino || there.dev !== current.dev) continue
      await unlink(path)
      endings.delete('')
    }
    this.#files = found.filter(({ endings }) => endings.size > 0)
    this.#newest = found.at(-1)?.millis ?? 0
  }

  /**
   * A path for what is put aside now: `events.ndjson.20260131T090500123Z`. It comes behind the others in the order of
   * their names, also when the clock was set back.
   */
  nextPath(): string {
    this.#newest = Math.max(Date.now(), this.#newest + 1)
    return `${this.#path}.${new Date(this.#newest).toISOString().replace(/[-:.]/g, '')}`
  }

  /** The file at `path`, which `nextPath` gave, has been put aside. */
  add(path: string): void {
    this.#files.push({ path, millis: this.#newest, endings: new Set(['']) })
  }

  /** Removes all but the newest, and compresses these if they are to be. */
  async tidy({ keep, compress }: Keeping, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      while (this.#files.length > keep) {
        await this.#remove(this.#files[0]!, '')
        await this.#remove(this.#files[0]!, '.gz')
        this.#files.shift()
      }
      const due = compress ? this.#files.find(({ endings }) => endings.has('')) : undefined
      if (due === undefined) return
      // The file as it was written goes last: while it is there, what is beside it may be half.
      await this.#remove(due, '.gz')
      if (await this.#compress(due.path, signal)) due.endings.add('.gz')
      await this.#remove(due, '')
    }
  }

  async #remove({ path, endings }: RotatedFile, ending: string): Promise<void> {
    if (!endings.has(ending)) return
    this.#announce({ type: 'DELETE', path: path + ending })
    await ifThere(unlink(path + ending))
    endings.delete(ending)
  }

  /** False when the file is no longer there. */
  async #compress(path: string, signal: AbortSignal): Promise<boolean> {
    this.#announce({ type: 'OPEN', path })
    const from = await ifThere(open(path, O_RDONLY | O_NOFOLLOW))
    if (from === undefined) return false
    try {
      const { mode } = await from.stat()
      this.#announce({ type: 'CREATE', path: `${path}.gz` })
      const to = await open(`${path}.gz`, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777)
      try {
        await copyCompressed(from, to, signal)
      } catch (error) {
        this.#announce({ type: 'DELETE', path: `${path}.gz` })
        await unlink(`${path}.gz`)
        throw error
      } finally {
        await to.close()
      }
    } finally {
      await from.close()
    }
    return true
  }
}

/** zlib works on a thread of its own. */
async function copyCompressed(from: FileHandle, to: FileHandle, signal: AbortSignal): Promise<void> {
  await pipeline(from.createReadStream(), createGzip(), to.createWriteStream({ flush: true }), { signal })
}
