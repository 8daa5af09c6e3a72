import { describe, expect, it } from '@jest/globals'
import { Subject, take } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { addWatchOnMkdir, joinRenames } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

/** An event whose `follow` calls are noted in `log`. */
function followable(description: string, log: string[], onFollow: () => void = () => undefined): FileEvent {
  const event: FileEvent = fileEvent(description, {
    origin: {
      resolve: (same) => same,
      follow: () => {
        log.push(`follow ${event.filePath}`)
        onFollow()
      },
    },
  })
  return event
}

function run(events: readonly FileEvent[], log: string[]): void {
  const input = new Subject<FileEvent>()
  input.pipe(addWatchOnMkdir()).subscribe((event) => log.push(`${event.eventType} ${event.filePath}`))
  for (const event of events) input.next(event)
}

describe('addWatchOnMkdir', () => {
  it('has the source follow a directory that appears', () => {
    const log: string[] = []
    const values = {
      d: followable('CREATE /d/', log),
      x: followable('CREATE /d/x', log),
      y: followable('CREATE /d/y', log),
      f: followable('MODIFY /f', log),
    }
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --d--xy--f--|', values)
      const subscription = '^-----------!'
      const expected = '    --d--xy--f--|'
      expectObservable(source.pipe(addWatchOnMkdir())).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
    expect(log).toEqual(['follow /d'])
  })

  it('emits the directory before it is followed, so that its content comes after it', () => {
    const log: string[] = []
    const input = new Subject<FileEvent>()
    input.pipe(addWatchOnMkdir()).subscribe((event) => log.push(`${event.eventType} ${event.filePath}`))
    input.next(
      followable('CREATE /d/', log, () => {
        input.next(followable('CREATE /d/e/', log, () => input.next(fileEvent('CREATE /d/e/f'))))
      }),
    )
    expect(log).toEqual(['CREATE /d', 'follow /d', 'CREATE /d/e', 'follow /d/e', 'CREATE /d/e/f'])
  })

  it('follows what moves in and what is renamed, and no other event of a directory', () => {
    const log: string[] = []
    const types = [
      'MOVED_TO /a/',
      'RENAME /x/ -> /b/',
      'ATTRIB /c/',
      'DELETE /d/',
      'MOVED_FROM /e/',
      'OPEN /f/',
    ]
    run(
      types.map((description) => followable(description, log)),
      log,
    )
    expect(log.filter((line) => line.startsWith('follow'))).toEqual(['follow /a', 'follow /b'])
  })

  it('follows a directory whose rename was joined', () => {
    const log: string[] = []
    const input = new Subject<FileEvent>()
    input.pipe(joinRenames(), addWatchOnMkdir()).subscribe((event) => log.push(event.eventType))
    input.next(followable('MOVED_FROM /a/ #1', log))
    input.next(followable('MOVED_TO /b/ #1', log))
    expect(log).toEqual(['RENAME', 'follow /b'])
  })

  it('follows no files, and nothing of events without origin', () => {
    const log: string[] = []
    run([followable('CREATE /file', log), fileEvent('CREATE /d/')], log)
    expect(log).toEqual(['CREATE /file', 'CREATE /d'])
  })

  it('does not follow once nobody listens any more', () => {
    const log: string[] = []
    const input = new Subject<FileEvent>()
    input.pipe(addWatchOnMkdir(), take(1)).subscribe()
    input.next(followable('CREATE /d/', log))
    expect(log).toEqual([])
  })

  it('fails when the source cannot follow', () => {
    const failure = new Error('no watch')
    const event = followable('CREATE /d/', [], () => {
      throw failure
    })
    marbles(({ hot, expectObservable }) => {
      const result = hot('--d--|', { d: event }).pipe(addWatchOnMkdir())
      expectObservable(result).toBe('--(d#)', { d: event }, failure)
    })
  })

  it('needs to see directories appear, whatever is wanted after it', () => {
    const info = operatorInfo(addWatchOnMkdir())
    expect(info).toMatchObject({ name: 'addWatchOnMkdir', transparent: true })
    expect(info.needsTypes?.(new Set(['MODIFY']))).toEqual(new Set(['MODIFY', 'CREATE', 'MOVED_TO']))
  })

  describe('laws', () => {
    for (const { name, run: keeps } of operatorLaws(addWatchOnMkdir)) it(name, keeps)
  })
})
