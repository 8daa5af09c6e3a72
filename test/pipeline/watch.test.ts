import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { filter, firstValueFrom, map, Observable, take, toArray, type ObservedValueOf } from 'rxjs'
import type { FileEvent } from '../../src/events/index.js'
import { watch, watchWithStats, type WatchOptions } from '../../src/pipeline/watch.js'
import { until } from '../helpers/until.js'
import { thrownBy } from './fakes.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fsflow-watch-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('watch', () => {
  it('is an Observable of events that starts with MONITOR_START', async () => {
    const stream = watch(root)
    expect(stream).toBeInstanceOf(Observable)
    const value: Promise<FileEvent> = firstValueFrom(stream)
    expect((await value).eventType).toBe('MONITOR_START')
  })

  it('joins renames, and works in a plain pipe', async () => {
    writeFileSync(join(root, 'x'), '')
    const stream = watch(root).pipe(
      filter((event) => {
        if (event.eventType === 'MONITOR_START') renameSync(join(root, 'x'), join(root, 'y'))
        return !event.isControl
      }),
      map((event) => [event.eventType, event.oldPath, event.filePath]),
      take(1),
    )
    const typed: ObservedValueOf<typeof stream> = await firstValueFrom(stream)
    expect(typed).toEqual(['RENAME', join(root, 'x'), join(root, 'y')])
  })

  it('is async-iterable, and leaving the loop closes it', async () => {
    const seen: string[] = []
    for await (const event of watch([root], { events: ['CREATE'], exclude: 'skip' })) {
      seen.push(event.eventType)
      if (event.eventType === 'MONITOR_START') {
        mkdirSync(join(root, 'skip'))
        mkdirSync(join(root, 'made'))
      }
      if (event.filePath === join(root, 'made')) break
    }
    expect(seen).toEqual(['MONITOR_START', 'CREATE'])
  })

  it('an error of the stream is thrown by the loop', async () => {
    const iterate = async (): Promise<void> => {
      for await (const event of watch(join(root, 'nowhere'))) expect(event).toBeUndefined()
    }
    await expect(iterate()).rejects.toMatchObject({ code: 'FSFLOW_PATH_NOT_FOUND' })
  })

  it('completes when the signal is aborted: what is held is flushed, MONITOR_STOP comes last', async () => {
    const controller = new AbortController()
    const types = watch(root, { debounce: 1_000_000, signal: controller.signal }).pipe(
      map((event) => {
        if (event.eventType === 'MONITOR_START') {
          mkdirSync(join(root, 'made'))
          controller.abort()
        }
        return event.eventType
      }),
      toArray(),
    )
    expect(await firstValueFrom(types)).toEqual(['MONITOR_START', 'CREATE', 'MONITOR_STOP'])
  })

  it('each subscription is a watch of its own', async () => {
    const stream = watch(root)
    const [first, second] = await Promise.all([firstValueFrom(stream), firstValueFrom(stream)])
    expect(second.seq).toBe(first.seq)
  })

  it('hands on what the source is to do, and tells how far it is', async () => {
    mkdirSync(join(root, 'out'))
    mkdirSync(join(root, 'in'))
    symlinkSync('../out', join(root, 'in/link'))
    const options = { followSymlinks: true, pollInterval: 20, poll: 'auto', repair: 'off' } as const
    const { stream, stats } = watchWithStats(join(root, 'in'), options)
    expect(stats()).toEqual({ watches: 0, ready: false })
    const paths: string[] = []
    const subscription = stream.subscribe(({ filePath }) => paths.push(filePath))
    try {
      await until(
        () => stats()!.looks!.ended > 2,
        () => JSON.stringify(stats()),
      )
      expect(stats()).toMatchObject({ watches: 2, ready: true, looks: { needed: true } })
      writeFileSync(join(root, 'out/f'), '')
      await until(
        () => paths.includes(join(root, 'in/link/f')),
        () => paths.join(' '),
      )
      rmSync(join(root, 'in/link'))
      await until(
        () => !stats()!.looks!.needed,
        () => JSON.stringify(stats()),
      )
      const idleSince = performance.now()
      await until(
        () => performance.now() - idleSince > 400,
        () => 'some time in which it looks at nothing',
      )
      // That time is not that of a look, by which the next one would be put off.
      const { ended } = stats()!.looks!
      symlinkSync('../out', join(root, 'in/link'))
      await until(
        () => stats()!.looks!.ended > ended + 1,
        () => JSON.stringify(stats()),
      )
    } finally {
      subscription.unsubscribe()
    }
  })

  it.each([
    ['an unknown option', { recursiv: true }, 'recursiv'],
    ['a signal that is none', { signal: {} }, 'signal'],
    ['a callback that is none', { onIssue: 7 }, 'onIssue'],
    ['a wrong binding', { binding: 'ffi' }, 'binding'],
    ['a wrong answer to the limit', { onWatchLimit: 'none' }, 'onWatchLimit'],
    ['a polling that there is not', { poll: 'on' }, 'poll is not known'],
    ['an interval that is too short', { pollInterval: 5 }, 'pollInterval'],
    ['links to be followed perhaps', { followSymlinks: 1 }, 'followSymlinks'],
    ['links to be followed in no tree', { followSymlinks: true, recursive: false }, 'needs recursive'],
    ['a repair that there is not', { repair: true }, 'repair'],
    ['a wrong glob', { include: 7 }, 'include'],
    ['a wrong time', { debounce: 'soon' }, 'quietMs'],
  ])('refuses %s at once', (_, options, option) => {
    const error = thrownBy(() => watch(root, options as WatchOptions))
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION' })
    expect((error as Error).message).toContain(option)
  })
})
