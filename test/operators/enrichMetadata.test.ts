import { describe, expect, it } from '@jest/globals'
import { EMPTY, Subject, of } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import type { FileEvent, FileMetadata } from '../../src/events/index.js'
import { enrichMetadata, type EnrichMetadataOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

const metadata: FileMetadata = {
  permissions: '-rw-r--r--',
  permissionsOctal: '0644',
  ownerUid: 0,
  ownerGid: 0,
  ownerName: 'root',
  groupName: 'root',
  size: 12,
  modified: '2024-01-01T00:00:00.000000Z',
  accessed: '2024-01-01T00:00:00.000000Z',
  changed: '2024-01-01T00:00:00.000000Z',
  created: null,
  inode: '7',
  hardLinks: 1,
  fileType: 'file',
}

const values = {
  c: fileEvent('CREATE /a'),
  d: fileEvent('DELETE /a'),
  m: fileEvent('MODIFY /b'),
  o: fileEvent('OVERFLOW'),
  C: fileEvent('CREATE /a', { fileMetadata: metadata }),
  D: fileEvent('DELETE /a', { fileMetadata: null }),
  M: fileEvent('MODIFY /b', { fileMetadata: metadata }),
  N: fileEvent('MODIFY /b', { fileMetadata: null }),
}

const answers = { p: metadata }

describe('enrichMetadata', () => {
  it('adds the metadata of the file, and null for one that is gone', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  --c-----d--|', values)
      const answer = cold('   --p|      ', answers)
      const subscription = '^----------!'
      const looked = '      --^-!       '
      const expected = '    ----C---D--|'
      const operator = enrichMetadata({ lookup: () => answer })
      expectObservable(source.pipe(operator)).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
      expectSubscriptions(answer.subscriptions).toBe(looked)
    })
  })

  it('keeps the order while an answer is awaited, and lets control events pass', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot('  -cmo-------|', values)
      const expected = '    ---o-C---M-|'
      const operator = enrichMetadata({ lookup: () => cold('----p|', answers) })
      expectObservable(source.pipe(operator)).toBe(expected, values)
    })
  })

  it('emits what is still awaited when the input completes, and then completes', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot('  -cm|         ', values)
      const expected = '    -----C---(M|)'
      const operator = enrichMetadata({ lookup: () => cold('----(p|)', answers) })
      expectObservable(source.pipe(operator)).toBe(expected, values)
    })
  })

  it('drops what is awaited on error and on unsubscribe', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('   ----p|   ', answers)
      const operator = enrichMetadata({ lookup: () => answer })
      const failing = hot(' -c-#       ', values)
      const failed = '      ---#       '
      expectObservable(failing.pipe(operator)).toBe(failed, values)
      const endless = hot(' -c---------', values)
      const subscription = '^--!       '
      const nothing = '     -----------'
      expectObservable(endless.pipe(operator), subscription).toBe(nothing, values)
      expectSubscriptions(answer.subscriptions).toBe(['-^-!', '-^-!'])
    })
  })

  it('takes the first answer, and null when there is none', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const several = enrichMetadata({ lookup: () => cold('-pp-|', answers) })
      expectObservable(hot('m--|', values).pipe(several)).toBe('-M-|', values)
      const none = enrichMetadata({ lookup: () => EMPTY })
      expectObservable(hot('m--|', values).pipe(none)).toBe('N--|', values)
    })
  })

  it('fails when the lookup fails', () => {
    const failure = new Error('no answer')
    marbles(({ hot, cold, expectObservable }) => {
      const operator = enrichMetadata({ lookup: () => cold('-#', undefined, failure) })
      expectObservable(hot('-m--|', values).pipe(operator)).toBe('--#', undefined, failure)
    })
  })

  it('asks once for each event, with the raw path where the text does not tell it', () => {
    const asked: unknown[] = []
    const lookup = (path: string, bytes?: Uint8Array) => {
      asked.push([path, bytes])
      return of(metadata)
    }
    const filePathBytes = new Uint8Array([0x2f, 0xff])
    const input = new Subject<FileEvent>()
    input.pipe(enrichMetadata({ lookup })).subscribe()
    input.next(fileEvent('MODIFY /a'))
    input.next(fileEvent('MODIFY /\ufffd', { filePathBytes }))
    input.next(fileEvent('RENAME /old -> /new'))
    expect(asked).toEqual([
      ['/a', undefined],
      ['/\ufffd', filePathBytes],
      ['/new', undefined],
    ])
  })

  it('does not look for what cannot be there, is known already, or has no path', () => {
    const lookup = () => {
      throw new Error('looked')
    }
    const events = {
      d: fileEvent('DELETE /a'),
      f: fileEvent('MOVED_FROM /a #1'),
      s: fileEvent('DELETE_SELF /a/'),
      k: fileEvent('MODIFY /a', { fileMetadata: metadata }),
      n: fileEvent('MODIFY /a', { fileMetadata: null }),
      u: fileEvent({ filePath: '' }),
    }
    const results = {
      ...events,
      d: events.d.with({ fileMetadata: null }),
      f: events.f.with({ fileMetadata: null }),
      s: events.s.with({ fileMetadata: null }),
    }
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('dfsknu|', events).pipe(enrichMetadata({ lookup }))).toBe('dfsknu|', results)
    })
  })

  it('looks at the real file by default, at once', () => {
    const out: FileEvent[] = []
    const input = new Subject<FileEvent>()
    input.pipe(enrichMetadata()).subscribe((event) => out.push(event))
    input.next(fileEvent('OPEN /'))
    input.next(fileEvent('OPEN /no/such/file'))
    expect(out[0]!.fileMetadata).toMatchObject({ fileType: 'directory', ownerUid: 0 })
    expect(out[1]!.fileMetadata).toBeNull()
  })

  it('shows itself to the plan', () => {
    const info = operatorInfo(enrichMetadata())
    expect(info).toMatchObject({ name: 'enrichMetadata', needsPath: true, transparent: true })
    expect(info.needsTypes?.(new Set(['OPEN']))).toEqual(new Set(['OPEN']))
  })

  it.each([
    [{ lookup: {} }, 'lookup'],
    [{ stat: () => EMPTY }, 'stat'],
    ['all', 'options'],
  ])('refuses %p', (options, path) => {
    let error: unknown
    try {
      enrichMetadata(options as EnrichMetadataOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => enrichMetadata({ lookup: () => of(metadata) })))
      it(name, run)
  })
})
