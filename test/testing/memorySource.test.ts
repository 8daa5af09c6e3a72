import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { from, map, NEVER, of, Subject, throwError, type Observable } from 'rxjs'
import type { Operator } from '../../src/contracts/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { checkPlan } from '../../src/pipeline/checkPlan.js'
import { definePipeline } from '../../src/pipeline/definePipeline.js'
import { planPipeline } from '../../src/pipeline/planPipeline.js'
import { run } from '../../src/pipeline/run.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { memorySink } from '../../src/testing/memorySink.js'
import { memorySource, type MemorySourceOptions } from '../../src/testing/memorySource.js'
import { read } from '../helpers/project.js'
import { runChild } from '../helpers/runChild.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const events = ['CREATE /a', 'MODIFY /a', 'DELETE /a'].map((text) => fileEvent(text))

function start(
  given: Iterable<FileEvent> | Observable<FileEvent>,
  options?: MemorySourceOptions,
  operators: readonly Operator[] = [],
) {
  const sink = memorySink()
  const handle = run(definePipeline({ source: memorySource(given, options), operators, sinks: [sink] }))
  const told = (): string[] =>
    sink.events.map(({ seq, eventType, filePath }) => `${seq} ${eventType} ${filePath}`)
  const tells = (text: string): Promise<void> =>
    until(
      () => told().includes(text),
      () => `${text} in ${told().join(', ')}`,
    )
  return { sink, handle, told, tells }
}

const all = ['1 MONITOR_START ', '2 CREATE /a', '3 MODIFY /a', '4 DELETE /a', '5 MONITOR_STOP ']

describe('memorySource', () => {
  it('tells MONITOR_START and the events, numbered anew, until the run is stopped', async () => {
    const { handle, told, tells } = start(events)
    await tells('4 DELETE /a')
    await handle.stop()
    expect(told()).toEqual(all)
  })

  it('with complete ends with its events, and tells them again to the next run', async () => {
    const sink = memorySink()
    const pipeline = definePipeline({ source: memorySource(events, { complete: true }), sinks: [sink] })
    const { events: count, ready } = await run(pipeline).done
    expect([count, ready]).toEqual([5, true])
    await run(pipeline).done
    expect(sink.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
  })

  it('keeps every other field of an event', async () => {
    const event = fileEvent('MOVED_TO /b #7', { pid: 3, root: '/', synthetic: true })
    const { sink, handle } = start([event], { complete: true })
    await handle.done
    expect(sink.events[1]).toEqual(event.with({ seq: 2 }))
  })

  it('tells the events of an Observable as they come', async () => {
    const subject = new Subject<FileEvent>()
    const { handle, told, tells } = start(subject)
    await handle.ready
    for (const [index, event] of events.entries()) {
      subject.next(event)
      await tells(all[index + 1]!)
    }
    await handle.stop()
    expect(told()).toEqual(all)
    expect(subject.observed).toBe(false)
  })

  it('completes when its Observable does only if it is to', async () => {
    const ends = start(from(events), { complete: true })
    await ends.handle.done
    expect(ends.told()).toEqual(all)
    const stays = start(of(events[0]!))
    await stays.tells('2 CREATE /a')
    await stays.handle.stop()
    expect(stays.told()).toHaveLength(3)
  })

  it('fails with the error of its Observable', async () => {
    const error = new Error('the disk is gone')
    await expect(start(throwError(() => error)).handle.done).rejects.toBe(error)
  })

  it('tells again what a memorySink has kept', async () => {
    const first = start(events, { complete: true })
    await first.handle.done
    const second = start(first.sink.events, { complete: true })
    await second.handle.done
    expect(second.told()).toEqual(all)
  })

  it('takes what can be gone through once, such as a generator', async () => {
    function* generated() {
      yield* events
    }
    const source = memorySource(generated(), { complete: true })
    for (let round = 0; round < 2; round++) {
      const sink = memorySink()
      await run(definePipeline({ source, sinks: [sink] })).done
      expect(sink.events).toHaveLength(5)
    }
  })

  it('tells nothing when the run is stopped before it is opened', () => {
    const aborted = { ...sinkContext(), signal: AbortSignal.abort() }
    const seen: unknown[] = []
    const request = {
      prune: [],
      eventTypes: new Set<never>(),
      resolvePaths: false,
      processes: false,
      ownFiles: [],
    }
    memorySource(events)
      .open(aborted, request)
      .subscribe({ next: (event) => seen.push(event), complete: () => seen.push('end') })
    expect(seen).toEqual(['end'])
  })

  it('stands in for the source of a pipeline, with its operators', async () => {
    const upper: Operator = map((event) => event.with({ filePath: event.filePath.toUpperCase() }))
    const pipeline = definePipeline({
      source: memorySource(NEVER),
      operators: [upper],
      sinks: [memorySink()],
    })
    const sink = memorySink()
    const source = memorySource(events, { complete: true, name: 'other' })
    const replaced = definePipeline({ ...pipeline, source, sinks: [sink] })
    expect((await checkPlan(planPipeline(replaced))).lines).toEqual(['tells 3 given events'])
    await run(replaced).done
    expect(sink.events.map(({ filePath }) => filePath)).toEqual(['', '/A', '/A', '/A', ''])
    expect(sink.events.at(-1)!.source).toBe('other')
  })

  it.each([
    [[events, { names: 'x' }], 'memorySource: names is not an option'],
    [[events, { name: '' }], 'memorySource: name must be a text'],
    [[events, { complete: 1 }], 'memorySource: complete must be a boolean'],
    [[undefined], 'memorySource: events must be a list or an Observable of events'],
    [['CREATE /a'], 'memorySource: events must be a list or an Observable of events'],
  ])('refuses %j', (args, message) => {
    expect(() => memorySource(...(args as Parameters<typeof memorySource>))).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', message }),
    )
  })
})

describe('the example of docs/testing.md', () => {
  it('runs, and its test passes', () =>
    withDirectory(async (directory) => {
      for (const name of ['pipeline.ts', 'pipeline.test.ts']) {
        const [, block] =
          new RegExp(`^\`\`\`ts\\n(// ${name}\\n.*?)^\`\`\`$`, 'ms').exec(read('docs/testing.md')) ?? []
        expect(block).toContain('fsflow')
        writeFileSync(join(directory, name), block!)
      }
      const { code, stdout, stderr } = await runChild('runTypeScript', [join(directory, 'pipeline.test.ts')])
      expect(stderr).toBe('')
      expect(stdout).toMatch(/ pass 1$/m)
      expect(code).toBe(0)
    }))
})
