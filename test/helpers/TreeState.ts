import { readdirSync } from 'node:fs'
import type { FileEvent } from '../../src/events/index.js'
import { inexactBytes, rawFromText, textFromRaw } from '../../src/linux/rawPath.js'
import { ToldTree } from '../../src/watching/ToldTree.js'

/**
 * What a consumer holds that takes a listing at MONITOR_START and then applies the events: a ToldTree, by the keys
 * that `pathKey` gives.
 */
export class TreeState {
  readonly #tree = new ToldTree()

  constructor(listing: ReadonlyMap<string, boolean> = new Map()) {
    for (const [key, isDirectory] of listing) this.#tree.set(rawOf(key), isDirectory)
  }

  /** Path key to "is a directory". */
  get entries(): Map<string, boolean> {
    return new Map([...this.#tree.entries()].map(([path, isDirectory]) => [keyOf(path), isDirectory]))
  }

  apply(event: FileEvent): void {
    this.#tree.apply(event)
  }

  /** The differences from the disk, for people; empty when there are none. */
  differences(disk: ReadonlyMap<string, boolean>): string[] {
    const lines: string[] = []
    for (const [key, isDirectory] of disk) {
      const told = this.#tree.get(rawOf(key))
      if (told === undefined) lines.push(`missing: ${key}`)
      else if (told !== isDirectory) lines.push(`wrong kind: ${key}`)
    }
    for (const key of this.entries.keys()) if (!disk.has(key)) lines.push(`too much: ${key}`)
    return lines.sort()
  }
}

function rawOf(key: string): string {
  return key.startsWith('\0') ? key.slice(1) : rawFromText(key)
}

function keyOf(raw: string): string {
  const text = textFromRaw(raw)
  return inexactBytes(raw, text) === undefined ? text : `\0${raw}`
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
