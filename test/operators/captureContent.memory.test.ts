import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { Observable, of } from 'rxjs'
import { held } from '../../bench/history/MemoryWatch.js'
import type { Sink, Source } from '../../src/contracts/index.js'
import { FileEvent } from '../../src/events/index.js'
import { captureContent } from '../../src/operators/index.js'
import { definePipeline, run } from '../../src/index.js'

const MEGABYTE = 1024 * 1024
const CHANGES = 4000
const CONTENT_BYTES = 16 * 1024

/** A source of so many changes of as many files, all at once. */
const burst: Source = {
  name: 'burst',
  providesPaths: true,
  check: () => Promise.resolve({ lines: [], problems: [] }),
  open: (context) =>
    new Observable((subscriber) => {
      const event = (seq: number, eventType: FileEvent['eventType'], filePath: string): FileEvent =>
        new FileEvent({ timestampMicros: 0, seq, eventType, filePath, source: 'burst' })
      context.signal.addEventListener('abort', () => subscriber.complete())
      subscriber.next(event(1, 'MONITOR_START', ''))
      for (let seq = 2; seq < CHANGES + 2; seq++) subscriber.next(event(seq, 'MODIFY', `/file${seq % 10}`))
    }),
}

/** Contents that differ, of text. */
function content(index: number): Buffer {
  return Buffer.from(`${index} `.repeat(CONTENT_BYTES).slice(0, CONTENT_BYTES))
}

/** A sink that takes nothing until it is let, and what it then got. */
function slowSink(): { readonly sink: Sink; readonly events: FileEvent[]; go: () => void } {
  const events: FileEvent[] = []
  let go = (): void => undefined
  const allowed = new Promise<void>((resolve) => (go = resolve))
  const sink: Sink = {
    name: 'slow',
    description: 'takes nothing until it is let',
    check: () => Promise.resolve(),
    open: () =>
      Promise.resolve({
        ownFiles: [],
        write: async (batch) => {
          await allowed
          events.push(...batch)
        },
        close: () => Promise.resolve(),
      }),
  }
  return { sink, events, go: () => go() }
}

describe('captureContent, with a sink that is slow', () => {
  it('never has more contents in memory than it may, and says which it had to give up', async () => {
    const maxMemory = 8 * MEGABYTE
    let captured = 0
    const lookup = () => {
      const bytes = content(captured++)
      return of({ bytes, sha256: createHash('sha256').update(bytes).digest('hex'), mode: 0, realPath: '' })
    }
    const { sink, events, go } = slowSink()
    const before = held()
    const handle = run(
      definePipeline({ source: burst, operators: [captureContent({ lookup, maxMemory })], sinks: [sink] }),
    )
    await handle.ready
    expect(captured).toBe(CHANGES)
    // All of them would take twice their bytes in text, before and after, which is 250 MB; the events have some too.
    expect(held() - before).toBeLessThan(maxMemory + 8 * MEGABYTE)
    go()
    await handle.stop()
    const changes = events.filter(({ eventType }) => eventType === 'MODIFY')
    expect(changes).toHaveLength(CHANGES)
    const shown = changes.filter(({ contentPreview }) => contentPreview!.after !== null)
    expect(shown).toEqual(changes.slice(-shown.length))
    expect(shown.length).toBeGreaterThan(20)
    expect(shown.length * CONTENT_BYTES).toBeLessThan(maxMemory)
    for (const { contentPreview } of changes.slice(0, -shown.length)) {
      expect(contentPreview!.afterMissing).toBe('there was no room for it in memory')
    }
  })
})
