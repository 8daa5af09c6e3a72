import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import type { Source } from '../../src/contracts/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { captureContent } from '../../src/operators/index.js'
import { fanotify, inotify } from '../../src/sources/index.js'
import { itAsRoot } from '../helpers/requires.js'
import { watching } from '../helpers/SourceProbe.js'
import { withDirectory } from '../helpers/withDirectory.js'

const O_PATH = 0o10000000
const ROUNDS = 250
const churn = fileURLToPath(new URL('../helpers/children/contentChurn.js', import.meta.url))

interface Read {
  readonly type: string
  /** The inodes whose numbers are in the content. */
  readonly inodes: ReadonlySet<string>
  readonly missing: string | undefined
  /** The inode that the source says the event is about, when it knows. */
  readonly inode: string | undefined
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

/** Captures while another process renames and rewrites, and tells what each preview held. */
async function raced(source: (directory: string) => Source): Promise<Read[]> {
  return withDirectory(async (directory) => {
    const reads: Read[] = []
    const input = new Subject<FileEvent>()
    input.pipe(captureContent({ maxBytes: 1_000_000 })).subscribe((event) => {
      const { contentPreview, eventType } = event
      if (contentPreview === undefined || contentPreview === null) return
      const inodes = new Set((contentPreview.after ?? '').split('\n').slice(0, -1))
      reads.push({ type: eventType, inodes, missing: contentPreview.afterMissing, inode: inodeOf(event) })
    })
    await watching(
      source(directory),
      async () => {
        const child = spawn(process.execPath, [churn, directory, String(ROUNDS)], { stdio: 'inherit' })
        expect(await once(child, 'exit')).toEqual([0, null])
      },
      { onEvent: (event) => input.next(event) },
    )
    return reads
  })
}

// The kernel may have no memory for a file that is just going: that is told as it is.
const knownReasons =
  /^(it was gone|it changed while it was read|it was deleted|it was moved away|it cannot be read \(ENOMEM\))$/

describe('captureContent, while files are renamed and rewritten', () => {
  itAsRoot('shows with fanotify the bytes of the file of the event, and of no other', async () => {
    const reads = await raced((directory) => fanotify({ paths: [directory] }))
    expect(reads.length).toBeGreaterThan(ROUNDS)
    const known = reads.filter(({ inodes, inode }) => inodes.size > 0 && inode !== undefined)
    expect(known.length).toBeGreaterThan(10)
    for (const { inodes, inode } of known) expect([...inodes]).toEqual([inode])
    for (const { missing } of reads) if (missing !== undefined) expect(missing).toMatch(knownReasons)
  })

  it('shows with inotify the bytes of one file, or says why there are none', async () => {
    const reads = await raced((directory) => inotify({ paths: [directory] }))
    expect(reads.length).toBeGreaterThan(ROUNDS)
    expect(reads.filter(({ inodes }) => inodes.size > 0).length).toBeGreaterThan(10)
    for (const { inodes } of reads) expect(inodes.size).toBeLessThan(2)
    for (const { missing } of reads) if (missing !== undefined) expect(missing).toMatch(knownReasons)
  })
})
