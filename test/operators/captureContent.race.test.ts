import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { once } from 'node:events'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { Subject, tap } from 'rxjs'
import type { Source } from '../../src/contracts/index.js'
import type { EventType, FileEvent } from '../../src/events/index.js'
import { captureContent } from '../../src/operators/index.js'
import { fanotify, inotify } from '../../src/sources/index.js'
import { itAsRoot } from '../helpers/requires.js'
import { watching } from '../helpers/SourceProbe.js'
import { withDirectory } from '../helpers/withDirectory.js'

const O_PATH = 0o10000000
const ROUNDS = 250
// Without those that reading causes: this test reads at each event.
const changes = new Set<EventType>(['CREATE', 'MODIFY', 'CLOSE_WRITE', 'MOVED_FROM', 'MOVED_TO', 'DELETE'])
const churn = fileURLToPath(new URL('../helpers/children/contentChurn.js', import.meta.url))

interface Read {
  readonly name: string
  /** The marks of files that are in the content: the number of an inode, and one of that file alone. */
  readonly marks: ReadonlySet<string>
  readonly missing: string | undefined
  /** The inode that the source says the event is about, when it knows. */
  readonly inode: string | undefined
  /** The mark of the file that had the name all the while that the content was read, if it was one. */
  readonly still: string | undefined
}

interface Race {
  readonly reads: readonly Read[]
  /** The marks of all files that had a name. */
  readonly had: Readonly<Record<string, readonly string[]>>
}

/** The number of the inode that the handle of an event leads to. */
function inodeOf({ origin }: FileEvent): string | undefined {
  const fd = origin?.openFile?.(O_PATH) ?? -1
  if (fd < 0) return undefined
  try {
    return String(fs.fstatSync(fd).ino)
  } finally {
    fs.closeSync(fd)
  }
}

/** The mark of the file that has the name by now. No other file ever has it, which inodes cannot promise. */
function markAt(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8').match(/^(.*)\n/)?.[1]
  } catch {
    return undefined
  }
}

/** Captures while another process renames and rewrites, and tells what each preview held. */
async function raced(source: (directory: string) => Source): Promise<Race> {
  return withDirectory(async (directory) => {
    const reads: Read[] = []
    let had = ''
    const input = new Subject<FileEvent>()
    let before: string | undefined
    const captured = input.pipe(
      tap(({ filePath }) => (before = markAt(filePath))),
      captureContent({ maxBytes: 1_000_000 }),
    )
    captured.subscribe((event) => {
      const { contentPreview, filePath } = event
      if (contentPreview === undefined || contentPreview === null) return
      reads.push({
        name: basename(filePath),
        marks: new Set((contentPreview.after ?? '').split('\n').slice(0, -1)),
        missing: contentPreview.afterMissing,
        inode: inodeOf(event),
        still: before === markAt(filePath) ? before : undefined,
      })
    })
    await watching(
      source(directory),
      async () => {
        const args = [churn, directory, String(ROUNDS)]
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
        child.stdout.setEncoding('utf8').on('data', (part: string) => (had += part))
        expect(await once(child, 'close')).toEqual([0, null])
      },
      { onEvent: (event) => input.next(event), request: { eventTypes: changes } },
    )
    return { reads, had: JSON.parse(had) as Race['had'] }
  })
}

const inodeIn = (mark: string): string => mark.split(' ')[0]!

// The kernel may have no memory for a file that is just going: that is told as it is.
const knownReasons =
  /^(it was gone|it changed while it was read|it was deleted|it was moved away|it cannot be read \(ENOMEM\))$/

describe('captureContent, while files are renamed and rewritten', () => {
  itAsRoot('shows with fanotify the bytes of the file of the event, and of no other', async () => {
    const { reads } = await raced((directory) => fanotify({ paths: [directory] }))
    expect(reads.length).toBeGreaterThan(ROUNDS)
    const known = reads.filter(({ marks, inode }) => marks.size > 0 && inode !== undefined)
    expect(known.length).toBeGreaterThan(10)
    for (const { marks, inode } of known) {
      expect(marks.size).toBe(1)
      expect([...marks].map(inodeIn)).toEqual([inode])
    }
    for (const { missing } of reads) if (missing !== undefined) expect(missing).toMatch(knownReasons)
  })

  it('shows with inotify the bytes of the file that had the name, or says why there are none', async () => {
    const { reads, had } = await raced((directory) => inotify({ paths: [directory] }))
    expect(reads.length).toBeGreaterThan(ROUNDS)
    const shown = reads.filter(({ marks }) => marks.size > 0)
    expect(shown.length).toBeGreaterThan(10)
    for (const { name, marks } of shown) {
      expect(marks.size).toBe(1)
      expect(had[name]).toContain([...marks][0])
    }
    // inotify does not tell which file it was: when one had the name all the while, it is that one.
    const certain = shown.filter(({ still }) => still !== undefined)
    expect(certain.length).toBeGreaterThan(10)
    for (const { marks, still } of certain) expect([...marks]).toEqual([still])
    for (const { missing } of reads) if (missing !== undefined) expect(missing).toMatch(knownReasons)
  })
})
