import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import type { FileEvent } from '../../src/events/index.js'
import { captureContent, type CaptureContentOptions } from '../../src/operators/index.js'
import { fileEvent } from '../../src/testing/index.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

interface Place {
  /** The tree that is captured. */
  readonly root: string
  readonly store: string
  readonly path: (name: string) => string
}

/** A tree of files that hold their names. */
async function withTree(names: readonly string[], use: (place: Place) => Promise<void>): Promise<void> {
  await withDirectory(async (top) => {
    const root = join(top, 'tree')
    const path = (name: string): string => join(root, name)
    for (const name of names) {
      fs.mkdirSync(join(path(name), '..'), { recursive: true })
      fs.writeFileSync(path(name), name)
    }
    await use({ root, store: join(top, 'store'), path })
  })
}

/** Captures, and has `tell` go on when the baseline is there: events wait for it. */
async function capturing(
  options: CaptureContentOptions,
  tell: (next: (event: string) => void) => void,
): Promise<FileEvent[]> {
  const out: FileEvent[] = []
  const input = new Subject<FileEvent>()
  input.pipe(captureContent(options)).subscribe((event) => out.push(event))
  input.next(fileEvent('OPEN /probe'))
  await until(
    () => out.length === 1,
    () => 'the baseline',
  )
  tell((event) => input.next(fileEvent(event)))
  input.complete()
  return out.slice(1)
}

const former = ({ formerContent: content }: FileEvent): string | undefined =>
  content && Buffer.from(content.bytes()!).toString()

describe('captureContent with a baseline', () => {
  it('knows what files held before their first change, and tells it once for those who keep it', () =>
    withTree(['a', 'deep/b', 'c'], async ({ root, store, path }) => {
      fs.chmodSync(path('a'), 0o600)
      const events = await capturing({ baseline: root, store, diff: true }, (next) => {
        fs.writeFileSync(path('a'), 'new')
        next(`MODIFY ${path('a')}`)
        next(`CLOSE_WRITE ${path('a')}`)
        fs.rmSync(path('deep/b'))
        next(`DELETE ${path('deep/b')}`)
      })
      expect(events[0]!.contentPreview).toMatchObject({
        before: 'a',
        after: 'new',
        diffSummary: '1 line added, 1 removed',
      })
      expect(events[2]!.contentPreview).toMatchObject({ before: 'deep/b', afterMissing: 'it was deleted' })
      expect(events.map(former)).toEqual(['a', undefined, 'deep/b'])
      expect(events[0]!.formerContent).toMatchObject({ size: 1, mode: 0o600, isOfOldPath: false })
      expect(events[0]!.formerContent!.timestampMicros).toBeGreaterThan(Date.now() * 1000 - 600e6)
    }))

  it('says of a rename which of the two names it is about', () =>
    withTree(['replaced', 'saved', 'backup'], async ({ root, store, path }) => {
      const events = await capturing({ baseline: [root], store }, (next) => {
        fs.renameSync(path('saved'), path('replaced'))
        next(`RENAME ${path('saved')} -> ${path('replaced')}`)
        fs.renameSync(path('backup'), path('backup~'))
        next(`RENAME ${path('backup')} -> ${path('backup~')}`)
        next(`MODIFY ${path('backup~')}`)
        next(`CREATE ${path('replaced')}`)
      })
      expect(events.map(former)).toEqual(['replaced', 'backup', undefined, undefined])
      expect(events.map(({ formerContent }) => formerContent?.isOfOldPath)).toEqual([
        false,
        true,
        undefined,
        undefined,
      ])
    }))

  it('reads no secrets, nothing that is excluded or too large, and not its own store', () =>
    withTree(['a.ts', 'a.js', 'gen/b.ts', '.env.ts', 'large.ts'], async ({ root, path }) => {
      fs.writeFileSync(path('large.ts'), 'x'.repeat(50))
      const store = path('store.ts')
      const options = { baseline: root, store, include: '*.ts', exclude: 'gen', maxSize: 40 }
      const names = ['a.ts', 'a.js', 'gen/b.ts', '.env.ts', 'large.ts']
      const events = await capturing(options, (next) => {
        const objects = fs.readdirSync(join(store, 'objects'))
        expect(objects).toHaveLength(1)
        for (const name of names) next(`DELETE ${path(name)}`)
      })
      expect(events.map(({ contentPreview }) => contentPreview!.before)).toEqual([
        'a.ts',
        null,
        null,
        null,
        null,
      ])
      expect(events.map(former)).toEqual(['a.ts', undefined, undefined, undefined, undefined])
    }))

  it('has it in memory without a store, for previews alone', () =>
    withTree(['a'], async ({ root, path }) => {
      const [event] = await capturing({ baseline: root }, (next) => next(`DELETE ${path('a')}`))
      expect(event!.contentPreview!.before).toBe('a')
      expect(event!.formerContent).toBeUndefined()
    }))

  it.each([[''], [['a', 1]], [{}], ['a\0']])('refuses %j', (baseline) => {
    expect(() => captureContent({ baseline: baseline as string })).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', path: 'baseline' }),
    )
  })
})
