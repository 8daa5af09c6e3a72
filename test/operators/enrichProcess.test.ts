import { describe, expect, it } from '@jest/globals'
import { EMPTY, NEVER, Subject, of, type Observable } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import type { FileEvent, ProcessDetails } from '../../src/events/index.js'
import { enrichProcess, type EnrichProcessOptions, type ProcessLookup } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

const details: ProcessDetails = {
  pid: 7,
  ppid: 1,
  name: 'sh',
  exePath: '/bin/sh',
  cmdline: ['sh'],
  cwd: '/',
  uid: 0,
  gid: 0,
  username: 'root',
  state: 'S',
  startTime: '2023-12-31T00:00:00.000Z',
  resolution: 'live',
}

/** A lookup that answers the same to all, and notes what it was asked. */
function answering(answer: Observable<unknown>, asked: unknown[] = []): ProcessLookup {
  return {
    byPid: (pid) => {
      asked.push(pid)
      return answer as ReturnType<ProcessLookup['byPid']>
    },
    byOpenFile: (...question) => {
      asked.push(question)
      return answer as ReturnType<ProcessLookup['byPid']>
    },
  }
}

function enriched(options: EnrichProcessOptions, event: FileEvent): FileEvent {
  const out: FileEvent[] = []
  const input = new Subject<FileEvent>()
  input.pipe(enrichProcess(options)).subscribe((result) => out.push(result))
  input.next(event)
  expect(out).toHaveLength(1)
  return out[0]!
}

const noSource = 'the inotify source does not tell who did it'
const values = {
  a: fileEvent('MODIFY /x', { pid: 7 }),
  b: fileEvent('MODIFY /y', { source: 'inotify' }),
  o: fileEvent('OVERFLOW'),
  A: fileEvent('MODIFY /x', { pid: 7, processDetails: details }),
  B: fileEvent('MODIFY /y', { source: 'inotify', processDetails: null, processUnknown: noSource }),
}

const answers = { p: details }

describe('enrichProcess', () => {
  it('adds who did it, or that it is not known and why', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a-----b--|', values)
      const answer = cold('   --p|      ', answers)
      const subscription = '^----------!'
      const looked = '      --^-!       '
      const expected = '    ----A---B--|'
      expectObservable(source.pipe(enrichProcess({ lookup: answering(answer) }))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
      expectSubscriptions(answer.subscriptions).toBe(looked)
    })
  })

  it('keeps the order while an answer is awaited, and lets control events pass', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot('  -abo-------|', values)
      const expected = '    ---o-(AB)--|'
      const operator = enrichProcess({ lookup: answering(cold('----(p|)', answers)) })
      expectObservable(source.pipe(operator)).toBe(expected, values)
    })
  })

  it('drops what is awaited on error and on unsubscribe', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('   ----p|   ', answers)
      const operator = enrichProcess({ lookup: answering(answer) })
      const failing = hot(' -a-#       ', values)
      const failed = '      ---#       '
      expectObservable(failing.pipe(operator)).toBe(failed, values)
      const endless = hot(' -a---------', values)
      const subscription = '^--!       '
      const nothing = '     -----------'
      expectObservable(endless.pipe(operator), subscription).toBe(nothing, values)
      expectSubscriptions(answer.subscriptions).toBe(['-^-!', '-^-!'])
    })
  })

  it('emits what is still awaited when the input completes, and then completes', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot('  -a|          ', values)
      const expected = '    -----(A|)    '
      const operator = enrichProcess({ lookup: answering(cold('----(p|)', answers)) })
      expectObservable(source.pipe(operator)).toBe(expected, values)
    })
  })

  it('fails when the lookup fails', () => {
    const failure = new Error('no answer')
    marbles(({ hot, cold, expectObservable }) => {
      const operator = enrichProcess({ lookup: answering(cold('-#', undefined, failure)) })
      expectObservable(hot('-a--|', values).pipe(operator)).toBe('--#', undefined, failure)
    })
  })

  it.each([
    ['the lookup says so', { pid: 7 }, of({ unknown: 'exited' }), 'exited'],
    ['the lookup says nothing', { pid: 7 }, EMPTY, 'the lookup has no answer'],
    [
      'the number has gone to a process that began after the event',
      { pid: 7 },
      of({ ...details, startTime: '2024-01-01T00:00:02.000Z' }),
      'exited; its number has gone to another process',
    ],
    [
      'the kernel hides it',
      { pid: 0 },
      NEVER,
      'the kernel does not show it: it belongs to another user or namespace',
    ],
    ['the source does not tell', { source: 'poll' }, NEVER, 'the poll source does not tell who did it'],
  ])('says that it is not known when %s', (_, fields, answer: Observable<unknown>, reason) => {
    const event = fileEvent('MODIFY /x', fields)
    expect(enriched({ lookup: answering(answer) }, event)).toEqual(
      event.with({ processDetails: null, processUnknown: reason }),
    )
  })

  it('takes a process that began at the time of the event, as far as clocks agree', () => {
    const began = { ...details, startTime: '2024-01-01T00:00:00.900Z' }
    const event = fileEvent('MODIFY /x', { pid: 7 })
    expect(enriched({ lookup: answering(of(began)) }, event).processDetails).toBe(began)
  })

  it('asks by number where there is one, also when it may infer', () => {
    const asked: unknown[] = []
    enriched({ infer: true, lookup: answering(of(details), asked) }, fileEvent('MODIFY /x', { pid: 7 }))
    expect(asked).toEqual([7])
  })

  describe('with infer', () => {
    const infer = (event: FileEvent): unknown[] => {
      const asked: unknown[] = []
      enriched({ infer: true, lookup: answering(of(details), asked) }, event)
      return asked
    }

    it('asks who holds the file open for writing after a change, and who holds it open after a read', () => {
      const filePathBytes = new Uint8Array([0x2f, 0xff])
      expect(infer(fileEvent('MODIFY /x'))).toEqual([['/x', undefined, true]])
      expect(infer(fileEvent('RENAME /w -> /x'))).toEqual([['/x', undefined, true]])
      expect(infer(fileEvent('OPEN /\ufffd', { filePathBytes }))).toEqual([['/\ufffd', filePathBytes, false]])
      expect(infer(fileEvent('OPEN /d/'))).toEqual([['/d', undefined, false]])
    })

    it.each([
      ['DELETE /x', 'the file is gone'],
      ['MOVED_FROM /x', 'the file is gone'],
      ['CREATE /d/', 'who changes a directory does not hold it open'],
    ])('does not ask about %s', (description, reason) => {
      const result = enriched({ infer: true, lookup: answering(NEVER) }, fileEvent(description))
      expect(result).toMatchObject({ processDetails: null, processUnknown: reason })
    })

    it('tells what was inferred, or why nothing was', () => {
      const inferred = { ...details, resolution: 'open-files' }
      const event = fileEvent('MODIFY /x')
      expect(enriched({ infer: true, lookup: answering(of(inferred)) }, event).processDetails).toEqual(
        inferred,
      )
      const unknown = of({ unknown: '2 processes hold it open for writing' })
      expect(enriched({ infer: true, lookup: answering(unknown) }, event)).toMatchObject({
        processDetails: null,
        processUnknown: '2 processes hold it open for writing',
      })
    })
  })

  it('leaves events as they are that know who did it, or that it is not known', () => {
    const events = {
      k: fileEvent('MODIFY /x', { pid: 9, processDetails: details }),
      n: fileEvent('MODIFY /x', { pid: 9, processDetails: null, processUnknown: 'exited' }),
    }
    marbles(({ hot, expectObservable }) => {
      const operator = enrichProcess({ lookup: answering(NEVER) })
      expectObservable(hot('kn|', events).pipe(operator)).toBe('kn|', events)
    })
  })

  it('reads /proc by default, at once', () => {
    const event = fileEvent('MODIFY /x', { pid: process.pid, timestampMicros: Date.now() * 1000 })
    const known = enriched({ fields: ['numThreads'] }, event).processDetails
    expect(known).toMatchObject({ pid: process.pid, ppid: process.ppid, resolution: 'live' })
    expect(known!.numThreads).toBeGreaterThan(0)
  })

  it('shows itself to the plan', () => {
    const info = operatorInfo(enrichProcess())
    expect(info).toMatchObject({ name: 'enrichProcess', options: { infer: false }, transparent: true })
    expect(info.needsPath).toBe(false)
    expect(info.needsTypes?.(new Set(['OPEN']))).toEqual(new Set(['OPEN']))
    expect(operatorInfo(enrichProcess({ infer: true, fields: ['limits'] }))).toMatchObject({
      needsPath: true,
      options: { infer: true, fields: ['limits'] },
    })
  })

  it.each([
    [{ infer: 'yes' }, 'infer'],
    [{ fields: ['memory'] }, 'fields[0]'],
    [{ fields: ['limits', 'memory_rss'] }, 'fields[1]'],
    [{ fields: 'limits' }, 'fields'],
    [{ lookup: () => NEVER }, 'lookup'],
    [{ lookup: null }, 'lookup'],
    [{ lookup: answering(NEVER), fields: ['limits'] }, 'fields'],
    [{ pid: 7 }, 'pid'],
    [true, 'options'],
  ])('refuses %p', (options, path) => {
    let error: unknown
    try {
      enrichProcess(options as EnrichProcessOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
  })

  describe('laws', () => {
    const create = () => enrichProcess({ infer: true, lookup: answering(of(details)) })
    for (const { name, run } of operatorLaws(create)) it(name, run)
  })
})
