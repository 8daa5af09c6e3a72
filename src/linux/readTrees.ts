import { readdirSync, statSync, type Dirent } from 'node:fs'
import { resolve } from 'node:path'
import { Observable } from 'rxjs'
import { readFile, type ContentFound } from './contentReader.js'
import { rawFromText, textFromRaw } from './rawPath.js'

/** A file of a tree and what it held. */
export interface TreeFile {
  /** One character for each byte. */
  readonly path: string
  readonly found: ContentFound
}

export interface ReadTreesOptions {
  /** Bytes; larger files are not read. */
  readonly maxSize: number
  /** Whether the file at a path is to be read, given the path that the tree begins at. */
  readonly isWanted: (path: string, root: string) => boolean
  /** Whether a directory is to be looked into. */
  readonly isEntered: (path: string, root: string) => boolean
}

// Small trees are read in one go.
const FIRST_SLICE_MS = 200
const SLICE_MS = 10

/**
 * What the regular files in some directories hold, and files that are named themselves; links in them are not
 * followed, and what cannot be read is left out.
 *
 * It reads when it is subscribed to: the first 0.2 seconds at once, the rest with other work in between;
 * unsubscribing stops it.
 */
export function readTrees(paths: readonly string[], options: ReadTreesOptions): Observable<TreeFile> {
  return new Observable((subscriber) => {
    const files = filesOf(paths, options)
    let next: NodeJS.Immediate | undefined
    subscriber.add(() => clearImmediate(next))
    const goOn = (milliseconds: number): void => {
      const end = performance.now() + milliseconds
      do {
        const { value, done } = files.next()
        if (done === true) {
          subscriber.complete()
          return
        }
        if (value !== undefined) subscriber.next(value)
        if (subscriber.closed) return
      } while (performance.now() < end)
      next = setImmediate(goOn, SLICE_MS)
    }
    goOn(FIRST_SLICE_MS)
  })
}

/** The files; `undefined` for each that has none to show, so that time is looked at. */
function* filesOf(
  paths: readonly string[],
  { maxSize, isWanted, isEntered }: ReadTreesOptions,
): Generator<TreeFile | undefined, void> {
  for (const root of paths.map((path) => resolve(path))) {
    const waiting = isDirectory(root) ? [rawFromText(root)] : []
    if (waiting.length === 0) yield fileAt(rawFromText(root), root)
    for (let directory = waiting.shift(); directory !== undefined; directory = waiting.shift()) {
      for (const entry of entriesOf(directory)) {
        const path = `${directory === '/' ? '' : directory}/${entry.name.toString('latin1')}`
        if (entry.isDirectory()) {
          if (isEntered(textFromRaw(path), root)) waiting.push(path)
        } else if (entry.isFile()) yield fileAt(path, root)
      }
    }
  }

  function fileAt(path: string, root: string): TreeFile | undefined {
    if (!isWanted(textFromRaw(path), root)) return undefined
    const answer = readFile(Buffer.from(path, 'latin1'), maxSize)
    return 'bytes' in answer ? { path, found: answer } : undefined
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function entriesOf(directory: string): Dirent<Buffer>[] {
  try {
    return readdirSync(Buffer.from(directory, 'latin1'), { withFileTypes: true, encoding: 'buffer' })
  } catch {
    return []
  }
}
