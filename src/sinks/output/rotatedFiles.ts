import { constants, type Dirent } from 'node:fs'
import { lstat, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { OwnAct } from '../../contracts/index.js'
import { errnoOf } from './sinkErrors.js'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

const stampPattern = /^\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/

export type Announce = (act: OwnAct) => void

/** A file that was put aside. */
interface RotatedFile {
  /** Its path without `.gz`. */
  readonly path: string
  readonly millis: number
  /** Which of them are there: `''` as it was written, `.gz` compressed, `.new` one that never took its place. */
  readonly endings: ReadonlySet<string>
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** The regular files beside `path` that have the name of one that was put aside, the oldest first. */
export async function rotatedFiles(path: string): Promise<RotatedFile[]> {
  const base = basename(path)
  const found = new Map<string, { readonly millis: number; readonly endings: Set<string> }>()
  for (const entry of await entriesOf(dirname(path))) {
    if (!entry.name.startsWith(base) || !entry.isFile()) continue
    const [, stamp = '', ending = ''] = /^(.*?)((?:\.gz|\.new)?)$/s.exec(entry.name.slice(base.length))!
    const parts = stampPattern.exec(stamp)
    if (parts === null) continue
    const [year, month, ...rest] = parts.slice(1).map(Number) as [number, number, number, ...number[]]
    const file = found.get(stamp) ?? { millis: Date.UTC(year, month - 1, ...rest), endings: new Set() }
    file.endings.add(ending)
    found.set(stamp, file)
  }
  return [...found]
    .map(([stamp, file]) => ({ path: path + stamp, ...file }))
    .sort((one, other) => one.millis - other.millis)
}

/**
 * A name for what is put aside now: `events.ndjson.20260131T090500123Z`. It comes behind those that are there in the
 * order of their names, also when the clock was set back.
 */
export async function nextRotated(path: string): Promise<string> {
  const newest = (await rotatedFiles(path)).at(-1)?.millis ?? 0
  const stamp = new Date(Math.max(Date.now(), newest + 1)).toISOString()
  return `${path}.${stamp.replace(/[-:.]/g, '')}`
}

async function remove(path: string, announce: Announce): Promise<void> {
  announce({ type: 'DELETE', path })
  await unlink(path)
}

/** Removes what a process that was killed in the middle of a rotation has left beside the file `ino`. */
export async function clearRemains(path: string, dev: bigint, ino: bigint): Promise<void> {
  for (const { path: aside, endings } of await rotatedFiles(path)) {
    if (endings.has('.new')) await unlink(`${aside}.new`)
    if (!endings.has('')) continue
    const there = await lstat(aside, { bigint: true })
    if (there.ino === ino && there.dev === dev) await unlink(aside)
  }
}

async function copyCompressed(from: FileHandle, to: FileHandle, signal: AbortSignal): Promise<void> {
  await pipeline(from.createReadStream(), createGzip(), to.createWriteStream({ flush: true }), { signal })
}

// zlib works on a thread of its own. The file as it was written goes last: while it is there, what is beside it may be
// half.
async function compressFile(path: string, announce: Announce, signal: AbortSignal): Promise<void> {
  const target = `${path}.gz`
  const from = await open(path, O_RDONLY | O_NOFOLLOW)
  try {
    const { mode } = await from.stat()
    announce({ type: 'CREATE', path: target })
    const to = await open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777)
    try {
      await copyCompressed(from, to, signal)
    } catch (error) {
      await remove(target, announce).catch(() => undefined)
      throw error
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
  await remove(path, announce)
}

export interface TidyOptions {
  readonly keep: number
  readonly compress: boolean
  readonly announce: Announce
  /** The path of a file that is being put aside. */
  readonly unsettled: () => string | undefined
  readonly signal: AbortSignal
}

/** Removes all but the newest `keep` files that were put aside, and compresses these if they are to be. */
export async function tidyRotated(path: string, options: TidyOptions): Promise<void> {
  const { keep, compress, announce, unsettled, signal } = options
  // Others may have come while one was compressed.
  while (!signal.aborted) {
    const files = (await rotatedFiles(path)).filter((file) => file.path !== unsettled())
    const aside = files.filter(({ endings }) => endings.has('') || endings.has('.gz'))
    const kept = aside.splice(Math.max(0, aside.length - keep))
    for (const { path: old, endings } of aside) {
      for (const ending of ['', '.gz']) if (endings.has(ending)) await remove(old + ending, announce)
    }
    for (const { path: whole, endings } of kept) {
      if (endings.has('') && endings.has('.gz')) await remove(`${whole}.gz`, announce)
    }
    const due = compress ? kept.find(({ endings }) => endings.has('')) : undefined
    if (due === undefined) return
    await compressFile(due.path, announce, signal)
  }
}
