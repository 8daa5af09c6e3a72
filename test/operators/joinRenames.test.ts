import { describe, expect, it } from '@jest/globals'
import { Subject, VirtualTimeScheduler, type SchedulerLike } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { joinRenames, type JoinRenamesOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

const values = {
  f: fileEvent('MOVED_FROM /a #1', { seq: 1 }),
  t: fileEvent('MOVED_TO /b #1', { seq: 2 }),
  m: fileEvent('MODIFY /c', { seq: 3 }),
  g: fileEvent('MOVED_FROM /x #2', { seq: 4 }),
  u: fileEvent('MOVED_TO /y #3', { seq: 5 }),
  r: fileEvent('RENAME /a -> /b', { seq: 2 }),
  d: fileEvent('DELETE /x', { seq: 4 }),
  D: fileEvent('DELETE /a', { seq: 1 }),
  c: fileEvent('CREATE /y', { seq: 5 }),
  b: fileEvent('CREATE /b', { seq: 2 }),
  o: fileEvent('OVERFLOW', { seq: 6 }),
  s: fileEvent('MONITOR_STOP', { seq: 7 }),
  w: fileEvent('WARNING', { seq: 8 }),
}

/** What comes out when the events come in at once, as text; `|` is the completion. */
function told(descriptions: readonly (string | FileEvent)[], completes = true): string[] {
  const lines: string[] = []
  const input = new Subject<FileEvent>()
  const scheduler = new VirtualTimeScheduler()
  const subscription = input.pipe(joinRenames({ scheduler })).subscribe({
    next: (event) => lines.push(line(event)),
    complete: () => lines.push('|'),
  })
  for (const description of descriptions) {
    input.next(typeof description === 'string' ? fileEvent(description) : description)
  }
  if (completes) input.complete()
  subscription.unsubscribe()
  return lines
}

function line(event: FileEvent): string {
  const from = event.oldPath === undefined ? '' : `${event.oldPath} -> `
  return `${event.eventType} ${from}${event.filePath}${event.isDirectory ? '/' : ''}`.trim()
}

describe('joinRenames', () => {
  it('joins the two halves of a rename to one RENAME', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --ft--m--g-----------u-|', values)
      const subscription = '^----------------------!'
      const expected = '    ---r--m------------d-c-|'
      expectObservable(source.pipe(joinRenames())).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('waits no longer than the window', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('  --f---t---|', values)
      const joined = '      ------r---|'
      const apart = '       -----Db---|'
      expectObservable(source.pipe(joinRenames({ window: 5 }))).toBe(joined, values)
      expectObservable(source.pipe(joinRenames({ window: 3 }))).toBe(apart, values)
    })
  })

  it('has one window for each half that waits', () => {
    const other = fileEvent('MOVED_FROM /q/x #9')
    const gone = fileEvent('DELETE /q/x')
    marbles(({ hot, expectObservable }) => {
      const source = hot('  --f-p------------|', { ...values, p: other })
      const expected = '    -------D-q-------|'
      expectObservable(source.pipe(joinRenames({ window: 5 }))).toBe(expected, { ...values, q: gone })
    })
  })

  it('emits the waiting halves when the input completes', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --f--|   ', values)
      const subscription = '^----!   '
      const expected = '    -----(D|)'
      expectObservable(source.pipe(joinRenames())).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('drops the waiting halves on error and on unsubscribe', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --f--#           ', values)
      const expected = '    -----#           '
      expectObservable(source.pipe(joinRenames())).toBe(expected, values)
      const endless = hot(' --f--------------', values)
      const subscription = '^---!            '
      const nothing = '     -----------------'
      expectObservable(endless.pipe(joinRenames()), subscription).toBe(nothing, values)
      expectSubscriptions(endless.subscriptions).toBe(subscription)
    })
  })

  it('lets control events pass at once, but OVERFLOW and MONITOR_STOP after the halves that wait', () => {
    marbles(({ hot, expectObservable }) => {
      const warned = hot('   --f-w-t--|', values)
      const warnedResult = ' ----w-r--|'
      expectObservable(warned.pipe(joinRenames())).toBe(warnedResult, values)
      const flowed = hot('   --f-o---t|', values)
      const flowedResult = ' ----(Do)b|'
      expectObservable(flowed.pipe(joinRenames())).toBe(flowedResult, values)
      const stopped = hot('  --f-s----|', values)
      const stoppedResult = '----(Ds)-|'
      expectObservable(stopped.pipe(joinRenames())).toBe(stoppedResult, values)
    })
  })

  it.each([
    ['a CREATE in its directory', 'CREATE /a/n', 'CREATE /a/n'],
    ['a DELETE in its directory', 'DELETE /a/n', 'DELETE /a/n'],
    ['a MOVED_TO of another cookie in its directory', 'MOVED_TO /a/n #2', 'CREATE /a/n'],
    ['a RENAME out of its directory', 'RENAME /a/n -> /b/n', 'RENAME /a/n -> /b/n'],
    ['a RENAME into its directory', 'RENAME /b/n -> /a/n', 'RENAME /b/n -> /a/n'],
    ['any event of the old path', 'OPEN /a/x', 'OPEN /a/x'],
  ])('ends the wait at %s', (_, next, out) => {
    expect(told(['MOVED_FROM /a/x #1', next], false)).toEqual(['DELETE /a/x', out])
  })

  it('ends the wait at another MOVED_FROM in its directory, which then waits itself', () => {
    const events = ['MOVED_FROM /a/x #1', 'MOVED_FROM /a/y #2']
    expect(told(events, false)).toEqual(['DELETE /a/x'])
    expect(told([...events, 'MOVED_TO /b/y #2'], false)).toEqual(['DELETE /a/x', 'RENAME /a/y -> /b/y'])
  })

  it.each([
    ['a change of content in its directory', 'MODIFY /a/n'],
    ['an entry of another directory', 'CREATE /b/n'],
    ['an entry below the old path', 'DELETE /a/x/n'],
    ['an entry of the directory above', 'CREATE /n'],
  ])('goes on waiting at %s', (_, between) => {
    expect(told(['MOVED_FROM /a/x #1', between, 'MOVED_TO /c #1'])).toEqual([
      between,
      'RENAME /a/x -> /c',
      '|',
    ])
  })

  it('goes on waiting at what a scan has found, since that is not in the order of the kernel', () => {
    const scanned = fileEvent('CREATE /a/n', { synthetic: true })
    expect(told(['MOVED_FROM /a/x #1', scanned, 'MOVED_TO /c #1'])).toEqual([
      'CREATE /a/n',
      'RENAME /a/x -> /c',
      '|',
    ])
  })

  it.each([
    ['is renamed', ['MOVED_FROM /d/ #2', 'MOVED_TO /e/ #2'], ['DELETE /d/x', 'RENAME /d -> /e/']],
    ['is replaced', ['MOVED_FROM /e/ #2', 'MOVED_TO /d/ #2'], ['DELETE /d/x', 'RENAME /e -> /d/']],
    ['is replaced from outside', ['MOVED_TO /d/ #2'], ['DELETE /d/x', 'CREATE /d/']],
    ['is deleted', ['DELETE /d/'], ['DELETE /d/x', 'DELETE /d/']],
  ])('ends the wait before its directory %s, while the old path still means the same', (_, events, out) => {
    expect(told(['MOVED_FROM /d/x #1', ...events], false)).toEqual(out)
  })

  it('tells a chain and a swap as the renames they are', () => {
    const chain = ['MOVED_FROM /a #1', 'MOVED_TO /b #1', 'MOVED_FROM /b #2', 'MOVED_TO /c #2']
    expect(told(chain)).toEqual(['RENAME /a -> /b', 'RENAME /b -> /c', '|'])
    const swap = ['MOVED_FROM /a #1', 'MOVED_TO /t #1', 'MOVED_FROM /b #2', 'MOVED_TO /a #2']
    expect(told([...swap, 'MOVED_FROM /t #3', 'MOVED_TO /b #3'])).toEqual([
      'RENAME /a -> /t',
      'RENAME /b -> /a',
      'RENAME /t -> /b',
      '|',
    ])
  })

  it('never joins what moves out and then in again', () => {
    expect(told(['MOVED_FROM /a #1', 'MOVED_TO /a #2'])).toEqual(['DELETE /a', 'CREATE /a', '|'])
  })

  it('takes a half without a cookie, or with one that is taken, as alone', () => {
    expect(told(['MOVED_FROM /a', 'MOVED_TO /b'])).toEqual(['DELETE /a', 'CREATE /b', '|'])
    expect(told(['MOVED_FROM /d/a #1', 'MOVED_FROM /e/b #1', 'MOVED_TO /c #1'])).toEqual([
      'DELETE /d/a',
      'RENAME /e/b -> /c',
      '|',
    ])
  })

  it('keeps directories directories, and the raw bytes of both names', () => {
    expect(told(['MOVED_FROM /a/ #1', 'MOVED_TO /b/ #1'])).toEqual(['RENAME /a -> /b/', '|'])
    const bytes = (last: number) => new Uint8Array([0x2f, last])
    const input = new Subject<FileEvent>()
    const out: FileEvent[] = []
    input.pipe(joinRenames()).subscribe((event) => out.push(event))
    input.next(fileEvent('MOVED_FROM /\ufffd #1', { filePathBytes: bytes(0xff) }))
    input.next(fileEvent('MOVED_TO /\ufffd #1', { filePathBytes: bytes(0xfe), pid: 7, root: '/' }))
    expect(out).toEqual([
      fileEvent('RENAME /\ufffd -> /\ufffd', {
        oldPathBytes: bytes(0xff),
        filePathBytes: bytes(0xfe),
        pid: 7,
        root: '/',
      }),
    ])
  })

  it('tells names apart that only their bytes tell apart', () => {
    const bytes = (last: number) => new Uint8Array([0x2f, 0x61, 0x2f, last])
    const move = fileEvent('MOVED_FROM /a/\ufffd #1', { filePathBytes: bytes(0xff) })
    const other = fileEvent('MODIFY /a/\ufffd', { filePathBytes: bytes(0xfe) })
    expect(told([move, other], false)).toEqual(['MODIFY /a/\ufffd'])
    expect(told([move, other.with({ filePathBytes: bytes(0xff) })], false)).toEqual([
      'DELETE /a/\ufffd',
      'MODIFY /a/\ufffd',
    ])
    expect(told([move, 'CREATE /a/n'], false)).toEqual(['DELETE /a/\ufffd', 'CREATE /a/n'])
  })

  it('passes events that have no path yet', () => {
    const raw = values.f.with({ filePath: '' })
    expect(told([raw], false)).toEqual(['MOVED_FROM'])
  })

  it('waits once more when its timer came late: then the second half could not be read either', () => {
    const { scheduler, advance } = manualScheduler()
    const lines: string[] = []
    const input = new Subject<FileEvent>()
    input.pipe(joinRenames({ scheduler })).subscribe((event) => lines.push(line(event)))
    input.next(values.f)
    advance(500)
    input.next(values.t)
    input.next(values.g)
    advance(500)
    expect(lines).toEqual(['RENAME /a -> /b'])
    advance(500)
    expect(lines).toEqual(['RENAME /a -> /b', 'DELETE /x'])
  })

  it('does not wait longer when the clock is set back', () => {
    const { scheduler, advance } = manualScheduler()
    const lines: string[] = []
    const input = new Subject<FileEvent>()
    input.pipe(joinRenames({ scheduler })).subscribe((event) => lines.push(line(event)))
    input.next(values.g)
    advance(-3_600_000)
    expect(lines).toEqual(['DELETE /x'])
  })

  it('needs both halves for what they become', () => {
    const { needsTypes } = operatorInfo(joinRenames())
    for (const type of ['RENAME', 'CREATE', 'DELETE'] as const) {
      expect(needsTypes?.(new Set([type]))).toEqual(new Set([type, 'MOVED_FROM', 'MOVED_TO']))
    }
    expect(needsTypes?.(new Set(['MODIFY']))).toEqual(new Set(['MODIFY']))
  })

  it('shows itself to the plan', () => {
    expect(operatorInfo(joinRenames())).toMatchObject({
      name: 'joinRenames',
      options: { window: 10 },
      needsPath: true,
      transparent: true,
    })
  })

  it.each([
    [{ window: -1 }, 'window'],
    [{ window: NaN }, 'window'],
    [{ window: '10' }, 'window'],
    [{ window: 2 ** 31 }, 'window'],
    [{ scheduler: {} }, 'scheduler'],
    [{ wait: 10 }, 'wait'],
    [10, 'options'],
  ])('refuses %p', (options, path) => {
    let error: unknown
    try {
      joinRenames(options as JoinRenamesOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => joinRenames())) it(name, run)
  })
})

/** A scheduler whose clock is moved by hand; whatever is scheduled then runs, however early or late. */
function manualScheduler(): { scheduler: SchedulerLike; advance: (millis: number) => void } {
  const virtual = new VirtualTimeScheduler()
  let now = 1_000_000
  const due: (() => void)[] = []
  const scheduler: SchedulerLike = {
    now: () => now,
    schedule: (work) => {
      const subscription = virtual.schedule(() => undefined, 1)
      due.push(() => {
        if (!subscription.closed) (work as () => void)()
      })
      return subscription
    },
  }
  const advance = (millis: number): void => {
    now += millis
    for (const work of due.splice(0)) work()
  }
  return { scheduler, advance }
}
