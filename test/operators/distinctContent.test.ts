import { describe, expect, it } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EMPTY, of, Subject, throwError, VirtualTimeScheduler, type SchedulerLike } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import { eventGroups, type FileEvent } from '../../src/events/index.js'
import {
  distinctContent,
  type ContentLookup,
  type DistinctContentOptions,
} from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'
import { watching } from '../helpers/SourceProbe.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const values = {
  m: fileEvent('MODIFY /a', { seq: 1 }),
  w: fileEvent('CLOSE_WRITE /a', { seq: 2 }),
  M: fileEvent('MODIFY /b', { seq: 3 }),
  W: fileEvent('CLOSE_WRITE /b', { seq: 4 }),
  s: fileEvent('MODIFY /a', { seq: 5, synthetic: true }),
  c: fileEvent('CREATE /a', { seq: 6 }),
  d: fileEvent('DELETE /a', { seq: 7 }),
  r: fileEvent('RENAME /a -> /b', { seq: 8 }),
  t: fileEvent('ATTRIB /c', { seq: 9 }),
  o: fileEvent('OVERFLOW', { seq: 10 }),
}

/** A lookup that gives one letter after the other; `-` stands for `null`. */
function answers(letters: string): ContentLookup {
  let next = 0
  return () => {
    const letter = letters[next++]
    if (letter === undefined) throw new Error('it looks more often than that')
    return of(letter === '-' ? null : letter)
  }
}

/** A stream of texts such as `CREATE /a` through the operator, with content that the test sets. */
function bench(options: DistinctContentOptions = {}) {
  const content = new Map<string, string>()
  const looked: string[] = []
  const lookup = (path: string) => {
    looked.push(path)
    return of(content.get(path) ?? null)
  }
  const input = new Subject<FileEvent>()
  let out: string[] = []
  input
    .pipe(distinctContent({ lookup, ...options }))
    .subscribe((event) => out.push(`${event.eventType} ${event.filePath}`))
  const send = (...events: string[]): string[] => {
    out = []
    for (const event of events) input.next(fileEvent(event))
    return out
  }
  /** Saves a file. Returns whether that came out. */
  const save = (path: string, text: string): boolean => {
    content.set(path, text)
    return send(`MODIFY ${path}`, `CLOSE_WRITE ${path}`).length === 1
  }
  return { looked, send, save }
}

describe('distinctContent', () => {
  it('lets a change pass when the bytes differ from what was told last', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -m-w---m-w---m-w---|', values)
      const subscription = '^------------------!'
      const expected = '    ---w-----------w---|'
      expectObservable(source.pipe(distinctContent({ lookup: answers('ppq') }))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  describe('a MODIFY', () => {
    const window = 5

    it('is decided on when nothing of the file follows within the window', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  m-------m-------m-------|', values)
        const expected = '    -----m---------------m--|'
        expectObservable(source.pipe(distinctContent({ window, lookup: answers('ppq') }))).toBe(
          expected,
          values,
        )
      })
    })

    it('leaves it to the next one of the file', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  m--m--m--m---------|', values)
        const expected = '    --------------m----|'
        expectObservable(source.pipe(distinctContent({ window, lookup: answers('p') }))).toBe(
          expected,
          values,
        )
      })
    })

    it('that was told is followed by its CLOSE_WRITE, whatever the bytes are', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  w--m------m------w--w--m------w--|', values)
        const expected = '    w-------m--------w---------------|'
        const lookup = answers('pqqqqqq')
        expectObservable(source.pipe(distinctContent({ window, lookup }))).toBe(expected, values)
      })
    })

    it('keeps later events waiting, and control events not', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  mtoW----------|', values)
        const expected = '    --o--(mtW)----|'
        expectObservable(source.pipe(distinctContent({ window, lookup: answers('pq') }))).toBe(
          expected,
          values,
        )
      })
    })

    it('of another file does not shorten or lengthen the wait', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  m--M---------|', values)
        const expected = '    -----m--M----|'
        expectObservable(source.pipe(distinctContent({ window, lookup: answers('pq') }))).toBe(
          expected,
          values,
        )
      })
    })

    it('that a scan made does not wait', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  s--s--s--|', values)
        const expected = '    s-----s--|'
        expectObservable(source.pipe(distinctContent({ window, lookup: answers('ppq') }))).toBe(
          expected,
          values,
        )
      })
    })

    it('is left out when the file is deleted, without a look', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  m-d------|', values)
        const expected = '    --d------|'
        expectObservable(source.pipe(distinctContent({ window, lookup: answers('') }))).toBe(expected, values)
      })
    })

    it('passes without a look when the file is renamed, for the path leads elsewhere', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('  m-r---W--|', values)
        const expected = '    --(mr)W--|'
        expectObservable(source.pipe(distinctContent({ window, lookup: answers('p') }))).toBe(
          expected,
          values,
        )
      })
    })

    it('passes without a look when a directory above is renamed', () => {
      const { send, looked } = bench()
      expect(send('MODIFY /d/e/a', 'RENAME /d/ -> /x/')).toEqual(['MODIFY /d/e/a', 'RENAME /x'])
      expect(send('MODIFY /x/e/a', 'MOVED_FROM /x/ #1')).toEqual(['MODIFY /x/e/a', 'MOVED_FROM /x'])
      expect(looked).toEqual([])
    })

    it('does not wait longer when the clock is set back', () => {
      let now = 1_000_000
      const delays: number[] = []
      const virtual = new VirtualTimeScheduler()
      const scheduler: SchedulerLike = {
        now: () => now,
        schedule: (work, delay, state) => {
          delays.push(delay ?? 0)
          return virtual.schedule(work as never, delay, state as never)
        },
      }
      const input = new Subject<FileEvent>()
      const out: FileEvent[] = []
      input.pipe(distinctContent({ lookup: answers('pq'), scheduler })).subscribe((event) => out.push(event))
      input.next(values.m)
      input.next(values.M)
      now -= 3_600_000
      virtual.flush()
      expect(delays).toEqual([100, 100])
      expect(out).toEqual([values.m, values.M])
    })
  })

  it('keeps the order while an answer is awaited, and lets control events pass', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -wto---------|', values)
      const answer = cold('  ----p|      ', { p: 'p' })
      const looked = '      -^---!       '
      const expected = '    ---o-(wt)----|'
      expectObservable(source.pipe(distinctContent({ lookup: () => answer }))).toBe(expected, values)
      expectSubscriptions(answer.subscriptions).toBe(looked)
    })
  })

  it('reads once for changes that wait together', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  W(mwmwmw)------|', values)
      const answer = cold(' ---p|          ', { p: 'p' })
      const looked = ['     ^--!           ', '---^--!']
      const expected = '    ---W--w--------|'
      expectObservable(source.pipe(distinctContent({ lookup: () => answer }))).toBe(expected, values)
      expectSubscriptions(answer.subscriptions).toBe(looked)
    })
  })

  it('decides on what is waiting when the input completes, and then completes', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot('  m-M|         ', values)
      const expected = '    -----m-(M|)  '
      const lookup = (path: string) => cold('--p|', { p: path })
      expectObservable(source.pipe(distinctContent({ lookup }))).toBe(expected, values)
    })
  })

  it('drops what is waiting on error and on unsubscribe', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('   ----p|   ', { p: 'p' })
      const operator = distinctContent({ lookup: () => answer })
      const failing = hot(' -wm#       ', values)
      const failed = '      ---#       '
      expectObservable(failing.pipe(operator)).toBe(failed, values)
      const endless = hot(' -wm--------', values)
      const subscription = '^--!       '
      const nothing = '     -----------'
      expectObservable(endless.pipe(operator), subscription).toBe(nothing, values)
      expectSubscriptions(answer.subscriptions).toBe(['-^-!', '-^-!'])
    })
  })

  it('takes the first answer, and none for null', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const several = distinctContent({ lookup: () => cold('-pq|', { p: 'p', q: 'q' }) })
      expectObservable(hot('w---w-----|', values).pipe(several)).toBe('-w--------|', values)
      const none = distinctContent({ lookup: () => EMPTY })
      expectObservable(hot('w---w-----|', values).pipe(none)).toBe('w---w-----|', values)
    })
  })

  it('lets every change pass of which nothing is known', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  w-w-w-w-w-|', values)
      const expected = '    w-w-w---w-|'
      expectObservable(source.pipe(distinctContent({ lookup: answers('p-pp-') }))).toBe(expected, values)
    })
  })

  it('fails when the lookup fails', () => {
    const failure = new Error('no answer')
    marbles(({ hot, cold, expectObservable }) => {
      const operator = distinctContent({ lookup: () => cold('-#', undefined, failure) })
      expectObservable(hot('-w--|', values).pipe(operator)).toBe('--#', undefined, failure)
      const throwing = distinctContent({ lookup: () => throwError(() => failure) })
      expectObservable(hot('-w--|', values).pipe(throwing)).toBe('-#', undefined, failure)
    })
  })

  it('lets all other events pass, without a look', () => {
    const { send, looked } = bench()
    const events = ['CREATE /a', 'ATTRIB /a', 'OPEN /a', 'ACCESS /a', 'CLOSE_NOWRITE /a', 'MOVED_FROM /a #1']
    const passed = ['CREATE /a', 'ATTRIB /a', 'OPEN /a', 'ACCESS /a', 'CLOSE_NOWRITE /a', 'MOVED_FROM /a']
    expect(send(...events)).toEqual(passed)
    expect(looked).toEqual([])
  })

  it('lets events pass that have no path yet, in their order', () => {
    const unnamed = { ...values, u: fileEvent({ filePath: '' }) }
    marbles(({ hot, cold, expectObservable }) => {
      const operator = distinctContent({ lookup: () => cold('--p|', { p: 'p' }) })
      expectObservable(hot('wu------|', unnamed).pipe(operator)).toBe('--(wu)--|', unnamed)
    })
  })

  it('asks with the raw path where the text does not tell it, and keeps such names apart', () => {
    const asked: unknown[] = []
    const lookup = (path: string, bytes?: Uint8Array) => {
      asked.push([path, bytes])
      return of('p')
    }
    const input = new Subject<FileEvent>()
    const out: FileEvent[] = []
    input.pipe(distinctContent({ lookup })).subscribe((event) => out.push(event))
    const named = (byte: number) =>
      fileEvent('CLOSE_WRITE /\ufffd', { filePathBytes: new Uint8Array([0x2f, byte]) })
    const events = [named(0xff), named(0xfe), named(0xff)]
    for (const event of events) input.next(event)
    expect(out).toEqual(events.slice(0, 2))
    expect(asked).toEqual(events.map(({ filePath, filePathBytes }) => [filePath, filePathBytes]))
  })

  describe('what it remembers', () => {
    it('goes along with a renamed file, and replaces what was known of the new name', () => {
      const tree = bench()
      tree.save('/a', 'one')
      tree.save('/b', 'two')
      tree.send('RENAME /a -> /b')
      expect(tree.save('/b', 'one')).toBe(false)
      expect(tree.save('/b', 'two')).toBe(true)
      expect(tree.save('/a', 'one')).toBe(true)
    })

    it('goes along with all files below a renamed directory', () => {
      const tree = bench()
      const names = ['/d/a', '/d/e/b', '/d/e/f/c', '/dd']
      for (const name of names) tree.save(name, name)
      tree.send('RENAME /d/ -> /x/y/')
      expect(tree.save('/x/y/a', '/d/a')).toBe(false)
      expect(tree.save('/x/y/e/b', '/d/e/b')).toBe(false)
      expect(tree.save('/x/y/e/f/c', '/d/e/f/c')).toBe(false)
      expect(tree.save('/dd', '/dd')).toBe(false)
      expect(tree.save('/d/a', '/d/a')).toBe(true)
    })

    it('is nothing for two names that were exchanged, nor for one that came back', () => {
      const tree = bench()
      tree.save('/a', 'one')
      tree.save('/b', 'two')
      tree.send('RENAME /a -> /b', 'RENAME /b -> /a')
      expect(tree.save('/a', 'one')).toBe(true)
      expect(tree.save('/b', 'two')).toBe(true)
      tree.save('/d/a', 'one')
      tree.send('RENAME /d/ -> /e/', 'RENAME /e/ -> /d/')
      expect(tree.save('/d/a', 'one')).toBe(true)
    })

    it('is nothing for a new name whose old one was not known', () => {
      const tree = bench()
      tree.save('/b', 'two')
      tree.send('RENAME /a -> /b')
      expect(tree.save('/b', 'two')).toBe(true)
    })

    it.each(['CREATE', 'DELETE', 'MOVED_FROM', 'MOVED_TO', 'DELETE_SELF'])('is forgotten at %s', (type) => {
      const tree = bench()
      tree.save('/d/a', 'one')
      tree.save('/b', 'one')
      tree.send(`${type} /d/a`)
      expect(tree.save('/d/a', 'one')).toBe(true)
      tree.send(`${type} /d/`)
      expect(tree.save('/d/a', 'one')).toBe(true)
      expect(tree.save('/b', 'one')).toBe(false)
    })

    it('is forgotten when the root itself moves away', () => {
      const input = new Subject<FileEvent>()
      const out: string[] = []
      input.pipe(distinctContent({ lookup: () => of('p') })).subscribe((event) => out.push(event.eventType))
      input.next(fileEvent('CLOSE_WRITE /r/a'))
      input.next(fileEvent('MOVE_SELF /r/d/', { root: '/r' }))
      input.next(fileEvent('CLOSE_WRITE /r/a'))
      input.next(fileEvent('MOVE_SELF /r/', { root: '/r' }))
      input.next(fileEvent('CLOSE_WRITE /r/a'))
      expect(out).toEqual(['CLOSE_WRITE', 'MOVE_SELF', 'MOVE_SELF', 'CLOSE_WRITE'])
    })

    it('is that of the files that changed last', () => {
      const tree = bench({ maxPaths: 2 })
      tree.save('/a', 'one')
      tree.save('/b', 'one')
      expect(tree.save('/a', 'one')).toBe(false)
      tree.save('/c', 'one')
      expect(tree.save('/a', 'one')).toBe(false)
      expect(tree.save('/c', 'one')).toBe(false)
      expect(tree.save('/b', 'one')).toBe(true)
      expect(tree.save('/a', 'one')).toBe(true)
    })
  })

  it('tells of real files only what is new in them', async () => {
    await withDirectory(async (directory) => {
      const file = join(directory, 'file')
      const end = join(directory, 'end')
      writeFileSync(file, 'one')
      const input = new Subject<FileEvent>()
      const out: string[] = []
      // The window is long, for a machine under load may take its time between the two events of a save.
      input.pipe(distinctContent({ window: 10_000 })).subscribe(({ eventType, filePath }) => {
        out.push(`${eventType} ${filePath.slice(directory.length + 1)}`)
      })
      const save = async (content: string, mark: string) => {
        writeFileSync(file, content)
        writeFileSync(end + mark, '')
        await until(
          () => out.includes(`CLOSE_WRITE end${mark}`),
          () => `the end after ${out.join(', ')}`,
        )
        return out.splice(0).filter((told) => told.endsWith(' file'))
      }
      await watching(
        { paths: [directory] },
        async () => {
          expect(await save('one', '1')).toEqual(['CLOSE_WRITE file'])
          expect(await save('one', '2')).toEqual([])
          expect(await save('two', '3')).toEqual(['CLOSE_WRITE file'])
          expect(await save('two', '4')).toEqual([])
          expect(await save('', '5')).toEqual(['CLOSE_WRITE file'])
        },
        { onEvent: (event) => input.next(event), request: { eventTypes: new Set(eventGroups.changes) } },
      )
    })
  })

  it('shows itself to the plan', () => {
    const info = operatorInfo(distinctContent())
    expect(info).toMatchObject({
      name: 'distinctContent',
      options: { maxSize: 16_777_216, maxPaths: 100_000, window: 100 },
      needsPath: true,
      transparent: true,
    })
    expect(operatorInfo(distinctContent({ lookup: answers(''), maxPaths: 7, window: 0 })).options).toEqual({
      maxPaths: 7,
      window: 0,
    })
  })

  it('needs both kinds of change for one of them, and what tells which file a path means', () => {
    const { needsTypes } = operatorInfo(distinctContent())
    const needed = ['MODIFY', 'CLOSE_WRITE', 'CREATE', 'DELETE', 'MOVED_FROM', 'MOVED_TO', 'RENAME'] as const
    const roots = ['DELETE_SELF', 'MOVE_SELF'] as const
    expect(needsTypes?.(new Set(['MODIFY', 'OPEN']))).toEqual(new Set([...needed, ...roots, 'OPEN']))
    expect(needsTypes?.(new Set(['CLOSE_WRITE']))).toEqual(new Set([...needed, ...roots]))
    expect(needsTypes?.(new Set(['OPEN', 'CREATE']))).toEqual(new Set(['OPEN', 'CREATE']))
  })

  it.each([
    [{ maxSize: 0 }, 'maxSize'],
    [{ maxSize: '1k' }, 'maxSize'],
    [{ maxSize: 7, lookup: () => EMPTY }, 'maxSize'],
    [{ maxPaths: 0 }, 'maxPaths'],
    [{ maxPaths: 1.5 }, 'maxPaths'],
    [{ window: -1 }, 'window'],
    [{ window: 'long' }, 'window'],
    [{ lookup: {} }, 'lookup'],
    [{ lookup: null }, 'lookup'],
    [{ scheduler: {} }, 'scheduler'],
    [{ maxsize: 7 }, 'maxsize'],
    [7, 'options'],
  ])('refuses %p', (options, path) => {
    let error: unknown
    try {
      distinctContent(options as DistinctContentOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => distinctContent({ lookup: () => of('p') }))) it(name, run)
    for (const { name, run } of operatorLaws(() => distinctContent({ lookup: () => of(null), window: 0 }))) {
      it(`with nothing known: ${name}`, run)
    }
  })
})
