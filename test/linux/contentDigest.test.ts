import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstValueFrom } from 'rxjs'
import { contentDigest } from '../../src/linux/contentDigest.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { withProbe } from '../helpers/InotifyProbe.js'
import { descriptors } from '../helpers/procSelf.js'

const MIB = 1024 * 1024

describe('contentDigest', () => {
  let directory: string
  let file: string
  const digest = contentDigest(MIB)

  /** The answer if it comes at once; `undefined` else. */
  const atOnce = (path: string, bytes?: Uint8Array, lookup = digest): string | null | undefined => {
    let answer: string | null | undefined
    lookup(path, bytes)
      .subscribe((value) => (answer = value))
      .unsubscribe()
    return answer
  }

  const openFiles = (): string[] => [...descriptors().values()].filter((link) => link.startsWith(directory))

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'fsflow-digest-'))
    file = join(directory, 'file')
    writeFileSync(file, 'one')
  })

  afterEach(() => {
    expect(openFiles()).toEqual([])
    rmSync(directory, { recursive: true })
  })

  it('stays the same while the bytes do', () => {
    const before = atOnce(file)
    expect(before).toMatch(/^[\w+/]{43}=$/)
    writeFileSync(file, 'one')
    expect(atOnce(file)).toBe(before)
    writeFileSync(file, 'two')
    expect(atOnce(file)).not.toBe(before)
    truncateSync(file, 0)
    expect(atOnce(file)).toMatch(/^[\w+/]{43}=$/)
    expect(atOnce(file)).not.toBe(before)
    writeFileSync(file, 'one')
    expect(atOnce(file)).toBe(before)
  })

  it('goes with the file when it is renamed, and is another one for another file', () => {
    const before = atOnce(file)
    const moved = join(directory, 'moved')
    renameSync(file, moved)
    copyFileSync(moved, file)
    expect(atOnce(moved)).toBe(before)
    expect(atOnce(file)).not.toBe(before)
  })

  it('takes the raw path where the text does not tell it', () => {
    const raw = Buffer.concat([Buffer.from(`${directory}/`), Buffer.of(0xff)])
    writeFileSync(raw, 'raw')
    const answer = atOnce(`${directory}/\ufffd`, new Uint8Array(raw))
    expect(answer).toMatch(/=$/)
    expect(atOnce(`${directory}/\ufffd`)).toBeNull()
  })

  it('has no answer for what is no regular file, and opens none of it', async () => {
    const link = join(directory, 'link')
    const fifo = join(directory, 'fifo')
    const inner = join(directory, 'inner')
    symlinkSync(file, link)
    mkdirSync(inner)
    execFileSync('mkfifo', [fifo])
    await withProbe('koffi', async (probe) => {
      probe.binding.addWatch(directory, IN.OPEN)
      expect([link, fifo, inner, '/dev/null'].map((path) => atOnce(path))).toEqual([null, null, null, null])
      expect(atOnce(file)).not.toBeNull()
      await probe.settled()
      expect(probe.told).toEqual(['OPEN file'])
    })
  })

  it('has no answer for what is gone, cannot be reached or cannot be read', () => {
    const paths = ['gone', 'file/below', 'x'.repeat(300), `x/`.repeat(5000)]
    for (const path of paths) expect(atOnce(join(directory, path))).toBeNull()
    // Regular, by its mode, but the page at address 0 cannot be read.
    expect(atOnce('/proc/self/mem')).toBeNull()
  })

  it('has no answer for a file of more than maxSize bytes', () => {
    const small = contentDigest(3)
    expect(atOnce(file, undefined, small)).toMatch(/=$/)
    appendFileSync(file, '!')
    expect(atOnce(file, undefined, small)).toBeNull()
  })

  it('has no answer for one that has more than maxSize bytes but does not say so', () => {
    expect(atOnce('/proc/self/status', undefined, contentDigest(10))).toBeNull()
    expect(atOnce('/proc/self/status')).toMatch(/=$/)
  })

  it('lets other work go on while it reads a large file', async () => {
    writeFileSync(file, Buffer.alloc(MIB, 'a'))
    let answer: string | null | undefined
    digest(file).subscribe((value) => (answer = value))
    let turns = 0
    for (; answer === undefined; turns++) await new Promise((resolve) => setImmediate(resolve))
    expect(turns).toBeGreaterThan(2)
    expect(answer).toMatch(/=$/)
    expect(await firstValueFrom(digest(file))).toBe(answer)
    truncateSync(file, MIB - 1)
    expect(await firstValueFrom(digest(file))).not.toBe(answer)
  })

  it('gives up a file that outgrows maxSize while it is read', async () => {
    writeFileSync(file, Buffer.alloc(MIB, 'a'))
    const answer = firstValueFrom(digest(file))
    appendFileSync(file, 'b')
    expect(await answer).toBeNull()
  })

  it('reads when it is subscribed to, and stops when it is unsubscribed from', async () => {
    const small = digest(file)
    writeFileSync(file, 'two')
    const now = atOnce(file)
    expect(await firstValueFrom(small)).toBe(now)
    writeFileSync(file, Buffer.alloc(MIB, 'a'))
    const answers: unknown[] = []
    const subscription = digest(file).subscribe((answer) => answers.push(answer))
    expect(openFiles()).toEqual([file])
    subscription.unsubscribe()
    expect(openFiles()).toEqual([])
    await new Promise((resolve) => setImmediate(resolve))
    expect(answers).toEqual([])
  })

  it('keeps two large files apart that are read at the same time', async () => {
    const other = join(directory, 'other')
    writeFileSync(file, Buffer.alloc(MIB, 'a'))
    writeFileSync(other, Buffer.alloc(MIB, 'b'))
    const alone = [await firstValueFrom(digest(file)), await firstValueFrom(digest(other))]
    expect(await Promise.all([firstValueFrom(digest(file)), firstValueFrom(digest(other))])).toEqual(alone)
  })
})
