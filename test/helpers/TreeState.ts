import { readdirSync } from 'node:fs'
import { pathKey, oldPathKey, type FileEvent } from '../../src/events/index.js'

/**
 * What a consumer holds that takes a listing at MONITOR_START and then applies the events: path key to
 * "is a directory". A directory that arrives leaves alone what is known below its name: the listing may have
 * been ahead of the event.
 */
export class TreeState {
  readonly entries = new Map<string, boolean>()
  /** What lay below a directory whose second half of a rename may still come, by the cookie. */
  readonly #moving = new Map<number, [string, boolean][]>()

  constructor(listing: ReadonlyMap<string, boolean> = new Map()) {
    for (const [path, isDirectory] of listing) this.entries.set(path, isDirectory)
  }

  apply(event: FileEvent): void {
    const path = pathKey(event)
    switch (event.eventType) {
      case 'MOVED_TO':
        if (!event.isDirectory) this.#drop(path)
        for (const [below, isDirectory] of this.#moving.get(event.cookie!) ?? []) {
          this.entries.set(path + below, isDirectory)
        }
        this.entries.set(path, event.isDirectory)
        break
      case 'CREATE':
        if (!event.isDirectory) this.#drop(path)
        this.entries.set(path, event.isDirectory)
        break
      case 'MOVED_FROM': {
        const below = this.entries.get(path) === true ? this.#below(path) : []
        this.#moving.set(
          event.cookie!,
          below.map((key) => [key.slice(path.length), this.entries.get(key)!]),
        )
        this.#drop(path)
        break
      }
      case 'DELETE':
        this.#drop(path)
        break
      case 'RENAME':
        this.#move(oldPathKey(event), path, event.isDirectory)
        break
      default:
    }
  }

  #drop(path: string): void {
    const wasDirectory = this.entries.get(path) === true
    this.entries.delete(path)
    if (!wasDirectory) return
    for (const below of this.#below(path)) this.entries.delete(below)
  }

  #move(from: string, to: string, isDirectory: boolean): void {
    const below = isDirectory ? this.#below(from).map((path) => [path, this.entries.get(path)!] as const) : []
    this.#drop(from)
    if (!isDirectory) this.#drop(to)
    this.entries.set(to, isDirectory)
    for (const [path, directory] of below) this.entries.set(to + path.slice(from.length), directory)
  }

  #below(path: string): string[] {
    const prefix = `${path}/`
    return [...this.entries.keys()].filter((key) => key.startsWith(prefix))
  }

  /** The differences from the disk, for people; empty when there are none. */
  differences(disk: ReadonlyMap<string, boolean>): string[] {
    const lines: string[] = []
    for (const [path, isDirectory] of disk) {
      const told = this.entries.get(path)
      if (told === undefined) lines.push(`missing: ${path}`)
      else if (told !== isDirectory) lines.push(`wrong kind: ${path}`)
    }
    for (const path of this.entries.keys()) if (!disk.has(path)) lines.push(`too much: ${path}`)
    return lines.sort()
  }
}

/** Every path below a directory, by the key that `pathKey` gives an event of it. */
export function listTree(root: string): Map<string, boolean> {
  const result = new Map<string, boolean>()
  const pending = [Buffer.from(root)]
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([directory, Buffer.from('/'), entry.name])
      const text = path.toString('utf8')
      const exact = Buffer.from(text, 'utf8').equals(path)
      result.set(exact ? text : `\0${path.toString('latin1')}`, entry.isDirectory())
      if (entry.isDirectory()) pending.push(path)
    }
  }
  return result
}
