import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { StoreLock } from './StoreLock.js'
import { openStoreDirectory } from './storeDirectory.js'
import { writeWhole } from './writeWhole.js'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants
const COMPRESSION_LEVEL = 1
const MAX_KNOWN = 200_000

let temporaries = 0

/**
 * Contents by their SHA-256, compressed, each a file of its own in a private directory.
 *
 * An object is written under another name and renamed, so that one that is there is whole, at whatever moment this
 * process is killed. After a crash of the system one may be torn: it is compared with its name when it is read, and
 * before it is relied on.
 */
export class ObjectStore {
  readonly directory: string
  readonly #lock: StoreLock
  /** Objects that are there and whole. */
  readonly #known = new Set<string>()

  /** Opens the store, made if need be; an exclusive one waits for nobody: it fails while others have it open. */
  constructor(directory: string, mode: 'shared' | 'exclusive' = 'shared') {
    this.directory = openStoreDirectory(directory)
    this.#lock = new StoreLock(this.directory, mode)
  }

  /** True when the object is there and whole. */
  has(sha256: string): boolean {
    return this.#known.has(sha256) || this.get(sha256) !== undefined
  }

  /** Keeps the bytes, which have this digest. */
  put(sha256: string, bytes: Uint8Array): void {
    if (this.has(sha256)) return
    const temporary = join(this.directory, 'tmp', `${process.pid}-${temporaries++}`)
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      writeWhole(fd, gzipSync(bytes, { level: COMPRESSION_LEVEL }))
      mkdirSync(join(this.directory, 'objects', sha256.slice(0, 2)), { recursive: true, mode: 0o700 })
      renameSync(temporary, this.pathOf(sha256))
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    } finally {
      closeSync(fd)
    }
    this.#remember(sha256)
  }

  /** The bytes with this digest, or `undefined` when they are not there or not whole. */
  get(sha256: string): Buffer | undefined {
    const bytes = this.#read(sha256)
    if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== sha256) {
      this.#known.delete(sha256)
      return undefined
    }
    this.#remember(sha256)
    return bytes
  }

  /** Waits until the objects, and their names, are on the disk. */
  async sync(digests: Iterable<string>): Promise<void> {
    const folders = new Set<string>([join(this.directory, 'objects')])
    for (const sha256 of digests) {
      const path = this.pathOf(sha256)
      folders.add(join(path, '..'))
      await syncPath(path, 0)
    }
    for (const folder of folders) await syncPath(folder, O_DIRECTORY)
  }

  remove(sha256: string): void {
    this.#known.delete(sha256)
    unlinkSync(this.pathOf(sha256))
  }

  /** Bytes on the disk. */
  sizeOf(sha256: string): number {
    return statSync(this.pathOf(sha256)).size
  }

  pathOf(sha256: string): string {
    return join(this.directory, 'objects', sha256.slice(0, 2), sha256.slice(2))
  }

  close(): void {
    this.#lock.release()
  }

  #remember(sha256: string): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.add(sha256)
  }

  #read(sha256: string): Buffer | undefined {
    let fd: number | undefined
    try {
      fd = openSync(this.pathOf(sha256), O_RDONLY | O_NOFOLLOW)
      return gunzipSync(readFileSync(fd))
    } catch {
      return undefined
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }
}

async function syncPath(path: string, flags: number): Promise<void> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | flags)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
