import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

/** One captured version of a file, as the index has it. */
export interface VersionRecord {
  readonly path: string
  /** Base64 of the raw path, only when it is not valid UTF-8. */
  readonly path_bytes?: string
  /** Only where earlier versions were pruned; else one more than the version before. */
  readonly number?: number
  readonly timestamp: string
  readonly event_type: string
  readonly sha256: string
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  readonly process?: { readonly pid: number; readonly name: string | null; readonly username: string | null }
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants
const CHUNK_BYTES = 65_536
const NEWLINE = 0x0a

export function indexPath(directory: string): string {
  return join(directory, 'versions.ndjson')
}

/** A record as a line of the index. */
export function lineOf(record: VersionRecord): string {
  return JSON.stringify(record) + '\n'
}

/**
 * Appends to the index. A line that a killed process has left unfinished stays alone: the next one begins anew, and
 * readers skip what is no record.
 */
export class IndexWriter {
  readonly #file: FileHandle
  readonly stats: BigIntStats
  #isTorn: boolean

  private constructor(file: FileHandle, stats: BigIntStats, isTorn: boolean) {
    this.#file = file
    this.stats = stats
    this.#isTorn = isTorn
  }

  static async open(directory: string): Promise<IndexWriter> {
    const file = await open(indexPath(directory), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
    const stats = await file.stat({ bigint: true })
    const last = Buffer.alloc(1)
    if (stats.size > 0n) await file.read(last, 0, 1, Number(stats.size) - 1)
    return new IndexWriter(file, stats, stats.size > 0n && last[0] !== NEWLINE)
  }

  /** Resolves when the records are on the disk. */
  async append(records: readonly VersionRecord[]): Promise<void> {
    const text = (this.#isTorn ? '\n' : '') + records.map(lineOf).join('')
    this.#isTorn = true
    await this.#file.appendFile(text)
    this.#isTorn = false
    await this.#file.datasync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** The records of the index in their order; what is no whole record is left out. */
export function* readIndex(directory: string): Generator<VersionRecord> {
  let fd: number
  try {
    fd = openSync(indexPath(directory), O_RDONLY | O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    for (const line of linesOf(fd)) {
      const record = parse(line)
      if (record !== undefined) yield record
    }
  } finally {
    closeSync(fd)
  }
}

function* linesOf(fd: number): Generator<string> {
  // What is appended meanwhile is not waited for.
  let left = fstatSync(fd).size
  let rest = Buffer.alloc(0)
  while (left > 0) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, left))
    const count = readSync(fd, chunk, 0, chunk.length, null)
    if (count === 0) return
    left -= count
    rest = Buffer.concat([rest, chunk.subarray(0, count)])
    let start = 0
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, start)) {
      yield rest.toString('utf8', start, end)
      start = end + 1
    }
    rest = rest.subarray(start)
  }
}

function parse(line: string): VersionRecord | undefined {
  try {
    const record = JSON.parse(line) as Partial<VersionRecord> | null
    const isWhole =
      typeof record?.path === 'string' &&
      typeof record.timestamp === 'string' &&
      typeof record.size === 'number' &&
      typeof record.mode === 'number' &&
      /^[0-9a-f]{64}$/.test(record.sha256 ?? '')
    return isWhole ? (record as VersionRecord) : undefined
  } catch {
    return undefined
  }
}
