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
import { dirname, join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { libc } from '../libc.js'
import { StoreLock } from './StoreLock.js'
import { openStoreDirectory } from './storeDirectory.js'
import { writeWhole } from './writeWhole.js'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants
const COMPRESSION_LEVEL = 1
const MAX_KNOWN = 200_000
// More are synced with all of the filesystem, once: one by one each would wait for its journal.
const FEW = 4

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
  readonly #given: string
  readonly #lock: StoreLock
  /** Objects that are there and whole. */
  readonly #known = new Set<string>()

  /** Opens the store, made if need be; an exclusive one waits for nobody: it fails while others have it open. */
  constructor(directory: string, mode: 'shared' | 'exclusive' = 'shared') {
    this.directory = openStoreDirectory(directory)
    this.#given = resolve(directory)
    this.#lock = new StoreLock(this.directory, mode)
  }

  /** True for what lies in the store, under its real path or the one that was given. */
  owns(path: string): boolean {
    return [this.directory, this.#given].some((place) => path === place || path.startsWith(`${place}/`))
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
  async sync(digests: ReadonlySet<string>): Promise<void> {
    if (digests.size > FEW && (await this.#syncAll())) return
    const paths = [...digests].map((sha256) => this.pathOf(sha256))
    for (const path of paths) await syncPath(path, 0)
    const folders = new Set([join(this.directory, 'objects'), ...paths.map((path) => dirname(path))])
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

  /** False where it cannot be done in one go. */
  async #syncAll(): Promise<boolean> {
    const folder = await open(this.directory, O_RDONLY | O_DIRECTORY)
    try {
      return (await libc().syncfs(folder.fd)) === 0
    } finally {
      await folder.close()
    }
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
