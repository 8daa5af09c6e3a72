import * as fs from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { EMPTY, Subject, of } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import type { ContentPreview, FileEvent } from '../../src/events/index.js'
import { toJson } from '../../src/formats/index.js'
import {
  captureContent,
  type CaptureContentOptions,
  type ContentAnswer,
  type ContentFound,
} from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'
import { withDirectory } from '../helpers/withDirectory.js'

function found(content: string | Uint8Array, realPath = '/a'): ContentFound {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), mode: 0o644, realPath }
}

/** A lookup that gives one answer after the other; texts and bytes are contents. */
function answering(...answers: (string | Uint8Array | ContentAnswer)[]) {
  return () => {
    const answer = answers.shift()!
    return of(typeof answer === 'string' || answer instanceof Uint8Array ? found(answer) : answer)
  }
}

/** The previews of events, in order. */
function previews(
  events: readonly (string | FileEvent)[],
  answers: readonly (string | Uint8Array | ContentAnswer)[],
  options: CaptureContentOptions = {},
): (ContentPreview | null | undefined)[] {
  return captured(events, { lookup: answering(...answers), ...options }).map((event) => event.contentPreview)
}

function captured(events: readonly (string | FileEvent)[], options: CaptureContentOptions): FileEvent[] {
  const out: FileEvent[] = []
  const input = new Subject<FileEvent>()
  input.pipe(captureContent(options)).subscribe((event) => out.push(event))
  for (const event of events) input.next(typeof event === 'string' ? fileEvent(event) : event)
  input.complete()
  return out
}

const c = fileEvent('CREATE /a')
const w = fileEvent('CLOSE_WRITE /a')
const plain = { truncated: false, binary: false }
const values = {
  c,
  w,
  o: fileEvent('OVERFLOW'),
  C: c.with({
    contentPreview: {
      before: null,
      after: '',
      diffSummary: 'no difference',
      ...plain,
      beforeMissing: 'there was no such file',
    },
  }),
  W: w.with({
    contentPreview: { before: '', after: 'hi\n', diffSummary: '1 line added, 0 removed', ...plain },
  }),
}

describe('captureContent', () => {
  it('tells what the file held before and holds now', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --c--w--|', values)
      const subscription = '^-------!'
      const expected = '    --C--W--|'
      expectObservable(source.pipe(captureContent({ lookup: answering('', 'hi\n') }))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('keeps the order while an answer is awaited, and lets control events pass', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const answers = [found(''), found('hi\n')]
      const lookup = () => cold('----p|', { p: answers.shift()! })
      const source = hot('  -cwo-------|', values)
      const expected = '    ---o-C---W-|'
      expectObservable(source.pipe(captureContent({ lookup }))).toBe(expected, values)
    })
  })

  it('emits what is awaited on complete, and drops it on error', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const lookup = () => cold('----(p|)', { p: found('') })
      expectObservable(hot('-c|', values).pipe(captureContent({ lookup }))).toBe('-----(C|)', values)
      expectObservable(hot('-c-#', values).pipe(captureContent({ lookup }))).toBe('---#', values)
    })
  })

  it('fails when the lookup fails', () => {
    const failure = new Error('no answer')
    marbles(({ hot, cold, expectObservable }) => {
      const operator = captureContent({ lookup: () => cold('-#', undefined, failure) })
      expectObservable(hot('-c--|', values).pipe(operator)).toBe('--#', undefined, failure)
    })
  })

  it('says why there is nothing before or after', () => {
    const told = previews(
      ['MODIFY /a', 'MODIFY /a', 'MODIFY /a', 'DELETE /a', 'MODIFY /a', 'DELETE /a'],
      ['x', { missing: 'it is too large (9 bytes)' }, 'y', 'z'],
    )
    expect(
      told.map((preview) => [preview!.before, preview!.beforeMissing, preview!.after, preview!.afterMissing]),
    ).toEqual([
      [null, 'it was not seen before', 'x', undefined],
      ['x', undefined, null, 'it is too large (9 bytes)'],
      [null, 'it was not seen before', 'y', undefined],
      ['y', undefined, null, 'it was deleted'],
      [null, 'it was not seen before', 'z', undefined],
      ['z', undefined, null, 'it was deleted'],
    ])
    expect(previews(['MOVED_FROM /a #1'], [])[0]).toMatchObject({ afterMissing: 'it was moved away' })
    expect(previews(['MODIFY /a'], [], { lookup: () => EMPTY })[0]).toMatchObject({
      afterMissing: 'it was gone',
    })
  })

  it('tells text from what is none, and cuts off between characters', () => {
    const [zero, latin, cut, late] = previews(
      ['MODIFY /a', 'MODIFY /b', 'MODIFY /c', 'MODIFY /d'],
      ['a\0b', new Uint8Array([0x66, 0xfc, 0x72]), 'aä€x', 'abcdef\0'],
      { maxBytes: 5 },
    )
    const none = { after: null, binary: true, truncated: false, afterMissing: 'it is no text' }
    expect(zero).toMatchObject(none)
    expect(latin).toMatchObject(none)
    expect(cut).toMatchObject({ after: 'aä', binary: false, truncated: true })
    expect(late).toMatchObject(none)
  })

  it('sums up the difference, and tells it when asked', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`).join('')
    const told = previews(
      ['CREATE /a', 'MODIFY /a', 'MODIFY /a', 'MODIFY /a'],
      [lines, lines.replace('line 9', 'line IX'), 'b\0', 'b\0\0'],
      { diff: true },
    )
    expect(told.map((preview) => preview!.diffSummary)).toEqual([
      '20 lines added, 0 removed',
      '1 line added, 1 removed',
      'no text: 151 bytes before, 2 after',
      'no text: 2 bytes before, 3 after',
    ])
    expect(told[0]!.diff).toMatch(/^--- \/dev\/null\n\+\+\+ b\/a\n@@ -0,0 \+1,20 @@\n/)
    expect(told[1]!.diff).toBe(
      '--- a/a\n+++ b/a\n@@ -7,7 +7,7 @@\n line 6\n line 7\n line 8\n-line 9\n+line IX\n line 10\n line 11\n line 12\n',
    )
    expect(told[2]!.diff).toBeNull()
    expect(previews(['CREATE /a', 'MODIFY /a'], ['x', 'x'], { diff: true })[1]).toMatchObject({
      diff: '',
      diffSummary: 'no difference',
    })
  })

  it('gives up on a comparison that would take too long', () => {
    const text = (word: string): string =>
      Array.from({ length: 5000 }, (_, index) => `${word} ${index}\n`).join('')
    const [, changed] = previews(['CREATE /a', 'MODIFY /a'], [text('one'), text('two')], { diff: true })
    expect(changed).toMatchObject({
      diff: null,
      diffSummary: 'too different to compare: 43890 bytes before, 43890 after',
    })
  })

  it('goes along with renames, and compares with the file that one replaces', () => {
    const told = previews(
      [
        'CREATE /d/a',
        'RENAME /d/ -> /e/',
        'MODIFY /e/a',
        'CREATE /b',
        'RENAME /b -> /e/a',
        'RENAME /e/a -> /c',
      ],
      ['1', '2', '3', '3', '3'],
    )
    expect(told.map((preview) => preview && [preview.before, preview.after])).toEqual([
      [null, '1'],
      undefined,
      ['1', '2'],
      [null, '3'],
      ['2', '3'],
      ['3', '3'],
    ])
  })

  it('has no more in memory than allowed', () => {
    const big = 'x'.repeat(1000)
    const events = ['CREATE /a', 'CREATE /b', 'MODIFY /a', 'CREATE /c', 'MODIFY /c', 'CREATE /h', 'MODIFY /c']
    const lookup = answering(big, big, 'a', 'c', 'd', 'x'.repeat(9000), 'e')
    const before: (number | undefined)[] = []
    const input = new Subject<FileEvent>()
    // Looked at when it comes, for it may not stay.
    input.pipe(captureContent({ lookup, maxMemory: 6000 })).subscribe(({ contentPreview }) => {
      before.push(contentPreview!.before?.length)
    })
    for (const event of events) input.next(fileEvent(event))
    expect(before).toEqual([undefined, undefined, undefined, undefined, 1, undefined, 1])
  })

  it('has previews that wait in no more memory than allowed: those that wait for longest say so', () => {
    const maxMemory = 100_000
    const texts = Array.from({ length: 500 }, (_, index) => `${'x'.repeat(index % 2 === 0 ? 1000 : 10)}\n`)
    const waiting = captured(
      texts.map(() => 'MODIFY /a'),
      { lookup: answering(...texts), maxMemory, diff: true },
    )
    const shown = waiting.map((event) => event.contentPreview!)
    const bytes = shown.map(({ before, after, diff }) =>
      [before, after, diff].reduce((sum, text) => sum + 2 * (text?.length ?? 0), 0),
    )
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(maxMemory / 2)
    expect(bytes.at(-1)).toBeGreaterThan(4000)
    const first = bytes.findIndex((size) => size > 0)
    expect(bytes.slice(first)).not.toContain(0)
    expect(shown[first - 1]).toEqual({
      before: null,
      after: null,
      diffSummary: '1 line added, 1 removed',
      ...plain,
      diff: null,
      beforeMissing: 'there was no room for it in memory',
      afterMissing: 'there was no room for it in memory',
    })
    expect(toJson(waiting[first - 1]!)).toContain('"after_missing":"there was no room for it in memory"')
  })

  it('gives a preview at once that alone takes more than all may, without its texts', () => {
    const big = 'x'.repeat(3000)
    const [made, changed, deleted] = previews(['CREATE /a', 'MODIFY /a', 'DELETE /a'], [big, 'y'], {
      maxMemory: 10_000,
    })
    const reason = 'there was no room for it in memory'
    expect(made).toMatchObject({ after: null, beforeMissing: 'there was no such file', afterMissing: reason })
    expect(changed).toMatchObject({ before: null, after: null, diffSummary: '1 line added, 1 removed' })
    expect(deleted).toMatchObject({ before: 'y', afterMissing: 'it was deleted' })
  })

  it.each([
    '/home/ada/.ssh/config',
    '/srv/ID_RSA',
    '/etc/shadow',
    '/etc/shadow-',
    '/srv/.env.local',
    '/srv/server.KEY',
    '/srv/server.pem~',
    '/root/.aws/credentials',
    '/x/.kube/config',
    '/x/secrets.yaml',
  ])('does not read %s', (path) => {
    const lookup = () => {
      throw new Error('read')
    }
    const reason = 'it is excluded: by its name it holds secrets'
    const preview = { before: null, after: null, diffSummary: null, ...plain }
    expect(previews([`MODIFY ${path}`], [], { lookup })).toEqual([
      { ...preview, beforeMissing: reason, afterMissing: reason },
    ])
    expect(previews([`RENAME ${path} -> /plain`], [], { lookup })[0]).toMatchObject({ afterMissing: reason })
    expect(previews([`MODIFY ${path}`], ['s'], { includeSecrets: ['**'] })[0]).toMatchObject({ after: 's' })
  })

  it('reads one secret when it is included, and not what leads to one', () => {
    const reason = 'it is excluded: by its name it holds secrets'
    const told = previews(
      ['MODIFY /srv/.env', 'MODIFY /srv/notes', 'CREATE /srv/new', 'RENAME /srv/new -> /srv/.env.local'],
      ['A=1', found('root:x', '/etc/shadow'), 'B=2'],
      { includeSecrets: 'srv/.env' },
    )
    expect(told.map((preview) => preview!.after ?? preview!.afterMissing)).toEqual([
      'A=1',
      reason,
      'B=2',
      reason,
    ])
    expect(told[3]).toMatchObject({ before: null, beforeMissing: reason })
  })

  it('reads what is included and not excluded, by globs relative to the root', () => {
    const event = (path: string): FileEvent => fileEvent(`MODIFY ${path}`, { root: '/r' })
    const events = ['/r/src/a.ts', '/r/a.js', '/r/src/gen/b.ts', '/r/c.ts'].map(event)
    const told = previews(events, ['a', 'c'], { include: '*.ts', exclude: 'src/gen' })
    expect(told.map((preview) => preview!.after ?? preview!.afterMissing)).toEqual([
      'a',
      'it is excluded',
      'it is excluded',
      'c',
    ])
  })

  it('leaves alone what changes no content, directories, and previews that are there', () => {
    const contentPreview = values.W.contentPreview!
    const told = previews(
      [
        'OPEN /a',
        'ATTRIB /a',
        'ACCESS /a',
        'CREATE /d/',
        'DELETE /d/',
        fileEvent({ filePath: '' }),
        w.with({ contentPreview }),
      ],
      [],
    )
    expect(told).toEqual([...Array<undefined>(6).fill(undefined), contentPreview])
  })

  it('asks with the version that was read last, and keeps what is unchanged', () => {
    const asked: unknown[] = []
    const answers: ContentAnswer[] = [{ ...found('x'), version: '1' }, { unchanged: true }, found('y')]
    const lookup = (_: FileEvent, known?: string) => {
      asked.push(known)
      return of(answers.shift()!)
    }
    const told = captured(['MODIFY /a', 'CLOSE_WRITE /a', 'MODIFY /a', 'OPEN /a'], { lookup, diff: true })
    expect(asked).toEqual([undefined, '1', '1'])
    expect(told[1]!.contentPreview).toEqual({
      before: 'x',
      after: 'x',
      diffSummary: 'no difference',
      diff: '',
      ...plain,
    })
    expect(told[1]!.content!.sha256).toBe(found('x').sha256)
    expect(told[2]!.contentPreview).toMatchObject({ before: 'x', after: 'y' })
  })

  it('gives sinks the bytes as long as they are in memory', () => {
    const [first, second] = captured(['CREATE /a', 'MODIFY /a'], { lookup: answering('1', '22') })
    expect(first!.content).toMatchObject({ size: 1, mode: 0o644, sha256: found('1').sha256 })
    expect(first!.content!.bytes()).toBeUndefined()
    expect(Buffer.from(second!.content!.bytes()!).toString()).toBe('22')
  })

  it('keeps all contents in a store, and knows them again there', () =>
    withDirectory((directory) => {
      const store = join(directory, 'store')
      const [first, second] = captured(['CREATE /a', 'MODIFY /a'], { lookup: answering('1', '22'), store })
      expect(fs.statSync(store).mode & 0o777).toBe(0o700)
      expect(second!.contentPreview!.before).toBe('1')
      for (const event of [first!, second!]) expect(event.content!.bytes()!.length).toBe(event.content!.size)
    }))

  it('has what was used last in memory, also with a store', () =>
    withDirectory((directory) => {
      const store = join(directory, 'store')
      const input = new Subject<FileEvent>()
      const out: FileEvent[] = []
      const lookup = answering('1', '2', 'x'.repeat(5000), '3')
      input.pipe(captureContent({ lookup, store, maxMemory: 16_000 })).subscribe((event) => out.push(event))
      for (const path of ['/a', '/b', '/b']) input.next(fileEvent(`MODIFY ${path}`))
      expect(out[1]!.content!.bytes()).toEqual(Buffer.from('2'))
      fs.rmSync(join(store, 'objects'), { recursive: true })
      fs.mkdirSync(join(store, 'objects'))
      input.next(fileEvent('MODIFY /a'))
      // The large one is not kept in memory.
      expect(out.map((event) => event.content!.bytes()?.length)).toEqual([1, 1, undefined, 1])
      expect(out[3]!.contentPreview!.before).toBe('1')
      input.complete()
    }))

  it('leaves out what happens in the store, under its real path and the one that was given', () =>
    withDirectory((directory) => {
      fs.symlinkSync('.', join(directory, 'link'))
      const store = join(directory, 'link', 'store')
      const paths = [join(directory, 'store', 'versions.ndjson'), join(store, 'tmp', '1-0'), `${store}d`]
      const events = captured(
        paths.map((path) => `MODIFY ${path}`),
        { lookup: answering('x', 'x', 'x'), store },
      )
      expect(events.map((event) => event.filePath)).toEqual([`${store}d`])
    }))

  it('says when the store cannot take a content', () =>
    withDirectory((directory) => {
      const store = join(directory, 'store')
      const input = new Subject<FileEvent>()
      const out: FileEvent[] = []
      input.pipe(captureContent({ lookup: answering('1'), store })).subscribe((event) => out.push(event))
      fs.rmSync(join(store, 'objects'), { recursive: true })
      fs.writeFileSync(join(store, 'objects'), '')
      input.next(fileEvent('CREATE /a'))
      expect(out[0]!.contentPreview).toMatchObject({
        after: '1',
        notStored: expect.stringContaining('ENOTDIR'),
      })
      expect(out[0]!.content).toBeUndefined()
      input.complete()
    }))

  it('fails when the store cannot be opened', () =>
    withDirectory((directory) => {
      const store = join(directory, 'file')
      fs.writeFileSync(store, '')
      let error: unknown
      of(c)
        .pipe(captureContent({ store }))
        .subscribe({ error: (cause: unknown) => (error = cause) })
      expect(error).toMatchObject({ code: 'FSFLOW_SINK_OPEN', path: store })
    }))

  it('reads the real file by default', () =>
    withDirectory((directory) => {
      const path = join(directory, 'file')
      fs.writeFileSync(path, 'really\n')
      const [real, gone] = captured([`MODIFY ${path}`, `MODIFY ${path}x`], {})
      expect(real!.contentPreview).toMatchObject({ after: 'really\n' })
      expect(gone!.contentPreview).toMatchObject({ after: null, afterMissing: 'it was gone' })
    }))

  it('shows itself to the plan', () => {
    const info = operatorInfo(captureContent({ include: '*.ts' }))
    expect(info).toMatchObject({
      name: 'captureContent',
      options: { maxBytes: 16_384, maxSize: 1_048_576, diff: false, include: '*.ts' },
      needsPath: true,
    })
    expect([...info.needsTypes!(new Set(['MODIFY']))]).toEqual(expect.arrayContaining(['RENAME', 'DELETE']))
  })

  it.each([
    [{ lookup: 1 }, 'lookup'],
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ maxSize: 1.5 }, 'maxSize'],
    [{ maxMemory: '1' }, 'maxMemory'],
    [{ diff: 'yes' }, 'diff'],
    [{ store: '' }, 'store'],
    [{ include: [''] }, 'include[0]'],
    [{ exclude: 1 }, 'exclude'],
    [{ includeSecrets: '!a' }, 'includeSecrets'],
    [{ lookup: () => EMPTY, maxSize: 5 }, 'maxSize'],
    [{ size: 1 }, 'size'],
    ['all', 'options'],
  ])('refuses %p', (options, path) => {
    expect(() => captureContent(options as CaptureContentOptions)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', path }),
    )
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => captureContent({ lookup: () => of(found('x')) })))
      it(name, run)
  })
})
