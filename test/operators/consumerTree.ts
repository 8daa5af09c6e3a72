import type { FileEvent } from '../../src/events/index.js'

interface Entry {
  isDirectory: boolean
  /** The seq of the last event after which the consumer has read the content. */
  readAt: number
}

/** A consumer that keeps a tree by applying events in order, as semantics promise that it can. */
export class ConsumerTree {
  readonly entries = new Map<string, Entry>()
  /** Events that told of something in a directory that the consumer does not have. */
  readonly orphans: string[] = []

  constructor(listing: Iterable<readonly [path: string, isDirectory: boolean]>) {
    for (const [path, isDirectory] of listing) this.entries.set(path, { isDirectory, readAt: 0 })
  }

  apply(event: FileEvent): void {
    const { eventType, filePath, oldPath, seq } = event
    switch (eventType) {
      case 'CREATE':
      case 'MOVED_TO':
        this.#needParent(event)
        this.#remove(filePath, event.isDirectory)
        this.entries.set(filePath, { isDirectory: event.isDirectory, readAt: seq })
        break
      case 'DELETE':
      case 'MOVED_FROM':
        this.#remove(filePath, false)
        break
      case 'RENAME':
        this.#needParent(event)
        this.#remove(filePath, false)
        this.#move(oldPath!, event)
        break
      case 'MODIFY':
      case 'CLOSE_WRITE': {
        this.#needParent(event)
        const entry = this.entries.get(filePath)
        if (entry === undefined) this.orphans.push(`${eventType} ${filePath}`)
        else entry.readAt = seq
        break
      }
      default:
    }
  }

  /** The tree as lines, one an entry. */
  listing(): string[] {
    return [...this.entries].map(([path, { isDirectory }]) => path + (isDirectory ? '/' : '')).sort()
  }

  #needParent(event: FileEvent): void {
    const parent = event.filePath.slice(0, event.filePath.lastIndexOf('/'))
    if (parent !== '' && this.entries.get(parent)?.isDirectory !== true) {
      this.orphans.push(`${event.eventType} ${event.filePath}`)
    }
  }

  // A CREATE of a directory that is there already, as a scan may repeat it, does not empty it.
  #remove(path: string, exceptDirectory: boolean): void {
    if (exceptDirectory && this.entries.get(path)?.isDirectory === true) return
    this.entries.delete(path)
    for (const other of [...this.entries.keys()]) if (other.startsWith(`${path}/`)) this.entries.delete(other)
  }

  #move(from: string, { filePath, isDirectory, seq }: FileEvent): void {
    const moved = this.entries.get(from)
    this.entries.delete(from)
    this.entries.set(filePath, { isDirectory, readAt: Math.max(moved?.readAt ?? 0, seq) })
    for (const [path, entry] of [...this.entries]) {
      if (!path.startsWith(`${from}/`)) continue
      this.entries.delete(path)
      this.entries.set(filePath + path.slice(from.length), entry)
    }
  }
}
