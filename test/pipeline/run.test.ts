import { describe, expect, it } from '@jest/globals'
import { concatAll, filter, map, take, toArray } from 'rxjs'
import { describeOperator, SinkWriteError, type Issue, type Operator } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import { definePipeline } from '../../src/pipeline/definePipeline.js'
import type { PipelineDefinition } from '../../src/pipeline/Pipeline.js'
import { run } from '../../src/pipeline/run.js'
import type { RunOptions } from '../../src/pipeline/RunHandle.js'
import { FakeSink, FakeSource, gate, thrownBy } from './fakes.js'

type Settings = Partial<PipelineDefinition> & { readonly run?: RunOptions }

function start(settings: Settings = {}) {
  const source = (settings.source ?? new FakeSource()) as FakeSource
  const sinks = (settings.sinks ?? [new FakeSink()]) as FakeSink[]
  const issues: Issue[] = []
  const opened = gate()
  source.onOpen = opened.open
  const { run: options, ...definition } = settings
  const handle = run(definePipeline({ ...definition, source, sinks }), {
    onIssue: (issue) => issues.push(issue),
    ...options,
  })
  return { source, sinks, sink: sinks[0]!, issues, handle, opened: opened.opened }
}

/** Holds everything back until the stream completes. */
const holdBack: Operator = (events) => events.pipe(toArray(), concatAll())

describe('run', () => {
  it('checks, opens the sinks, then the source with their files, and delivers in order', async () => {
    const sink = new FakeSink()
    sink.ownFiles = [{ path: '/out', dev: 1n, ino: 2n }]
    const { source, handle, opened } = start({ sinks: [sink] })
    await opened
    expect(sink.opened).toBe(1)
    expect(source.request!.ownFiles).toEqual(sink.ownFiles)
    source.emit('MONITOR_START')
    await handle.ready
    source.emit('CREATE', '/a')
    const summary = await handle.stop()
    expect(sink.types).toEqual(['MONITOR_START', 'CREATE', 'MONITOR_STOP'])
    expect(sink.closed).toBe(1)
    expect(source.closed).toBe(1)
    expect(summary).toMatchObject({ events: 3, filtered: 0, dropped: 0, ready: true, watches: 0 })
    expect(summary.sinks).toMatchObject([{ name: 'memory', delivered: 3, dropped: 0, state: 'closed' }])
  })

  it('appends MONITOR_STOP behind what operators flush, with the next number', async () => {
    const { source, sink, handle, opened } = start({ operators: [holdBack] })
    await opened
    source.emit('MONITOR_START')
    source.emit('CREATE', '/late')
    await handle.stop()
    expect(sink.types).toEqual(['MONITOR_START', 'CREATE', 'MONITOR_STOP'])
    const last = sink.events.at(-1)!
    expect(last).toMatchObject({ eventType: 'MONITOR_STOP', seq: 2, source: 'fake', filePath: '' })
    expect(last.timestampMicros).toBeGreaterThanOrEqual(sink.events[0]!.timestampMicros)
  })

  it('counts what each stage takes and lets through', async () => {
    const even = describeOperator(
      { name: 'even' },
      filter((event) => event.isControl || event.seq % 2 === 0),
    )
    const { source, handle, opened } = start({ operators: [even, map((event) => event)] })
    await opened
    source.emit('MONITOR_START')
    for (let i = 1; i <= 9; i++) source.emit('MODIFY', `/${i}`)
    const summary = await handle.stop()
    expect(summary.stages).toEqual([
      { name: 'even', in: 10, out: 5 },
      { name: 'operator', in: 5, out: 5 },
    ])
    expect(summary).toMatchObject({ events: 11, filtered: 5, dropped: 0 })
  })

  it('ends when the source completes by itself', async () => {
    const { source, sink, handle, opened } = start()
    await opened
    source.emit('CREATE', '/a')
    source.complete()
    await handle.done
    await handle.ready
    expect(sink.types).toEqual(['CREATE', 'MONITOR_STOP'])
  })

  it('ends when an operator completes the stream, and closes the source', async () => {
    const { source, sink, handle, opened } = start({ operators: [take(1)] })
    await opened
    source.emit('CREATE', '/a')
    await handle.done
    expect(source.closed).toBe(1)
    expect(sink.types).toEqual(['CREATE', 'MONITOR_STOP'])
  })

  it('stops by the signal of its options, also by one that is aborted already', async () => {
    const controller = new AbortController()
    const first = start({ run: { signal: controller.signal } })
    await first.opened
    controller.abort()
    await first.handle.done
    expect(first.sink.types).toEqual(['MONITOR_STOP'])
    const second = start({ run: { signal: controller.signal } })
    await second.handle.done
    expect(second.sink.opened).toBe(0)
    expect(second.source.request).toBeUndefined()
  })

  it('a slow sink does not delay another, nor the source', async () => {
    const slow = new FakeSink('slow')
    const fast = new FakeSink('fast')
    const release = gate()
    slow.beforeWrite = () => release.opened
    const { source, handle, opened } = start({ sinks: [slow, fast] })
    await opened
    for (let i = 0; i < 100; i++) source.emit('MODIFY', '/a')
    await fast.has(100)
    expect(slow.events).toHaveLength(0)
    release.open()
    const summary = await handle.stop()
    expect(summary.sinks.map(({ delivered }) => delivered)).toEqual([101, 101])
  })

  it('counts what a slow sink loses and reports it', async () => {
    const slow = new FakeSink('slow')
    const fast = new FakeSink('fast')
    const release = gate()
    slow.beforeWrite = () => release.opened
    const { source, handle, opened, issues } = start({ sinks: [slow, fast], queueSize: 10 })
    await opened
    for (let i = 0; i < 30; i++) {
      source.emit('MODIFY', '/a')
      await fast.has(i + 1)
    }
    release.open()
    const summary = await handle.stop()
    expect(issues.map(({ code }) => code)).toEqual(['FSFLOW_EVENTS_DROPPED'])
    expect(summary.dropped).toBe(19)
    expect(fast.events).toHaveLength(31)
    // One that was being written, and as many as may wait.
    expect(slow.types.filter((type) => type === 'MODIFY')).toHaveLength(1 + 10)
  })

  it('goes on for the other sinks when one fails, and fails in the end', async () => {
    const bad = new FakeSink('bad')
    const good = new FakeSink('good')
    bad.beforeWrite = () => {
      throw new SinkWriteError({
        code: 'FSFLOW_DISK_FULL',
        message: 'no space left',
        hint: 'Free some.',
        lost: 1,
      })
    }
    const { source, handle, opened, issues } = start({ sinks: [bad, good] })
    await opened
    source.emit('CREATE', '/a')
    await good.has(1)
    source.emit('CREATE', '/b')
    await good.has(2)
    await expect(handle.stop()).rejects.toMatchObject({
      code: 'FSFLOW_DISK_FULL',
      hint: 'Free some.',
      message: 'no space left; the sink bad lost 3 events in all',
    })
    expect(issues).toMatchObject([{ code: 'FSFLOW_DISK_FULL' }])
    expect(good.types).toEqual(['CREATE', 'CREATE', 'MONITOR_STOP'])
    expect(handle.stats().sinks).toMatchObject([
      { name: 'bad', delivered: 0, dropped: 3, state: 'failed' },
      { name: 'good', delivered: 3, dropped: 0, state: 'closed' },
    ])
  })

  it('ends at once when its only sink fails', async () => {
    const error = new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message: 'broken', lost: 1 })
    const bad = new FakeSink()
    bad.beforeWrite = () => Promise.reject(error)
    const { source, handle, opened } = start({ sinks: [bad] })
    await opened
    source.emit('CREATE', '/a')
    await expect(handle.done).rejects.toBe(error)
    expect(source.closed).toBe(1)
  })

  it('ends quietly when the destination of its last sink has gone', async () => {
    const sink = new FakeSink()
    const left = gate()
    sink.gone = left.opened
    const { source, handle, opened } = start({ sinks: [sink] })
    await opened
    source.emit('MONITOR_START')
    left.open()
    const summary = await handle.done
    expect(summary.sinks[0]).toMatchObject({ state: 'gone', dropped: 0 })
    expect(source.closed).toBe(1)
    expect(sink.closed).toBe(1)
  })

  it('goes on when the destination of one sink of two has gone', async () => {
    const leaving = new FakeSink('leaving')
    const staying = new FakeSink('staying')
    const left = gate()
    leaving.gone = left.opened
    const { source, handle, opened } = start({ sinks: [leaving, staying] })
    await opened
    left.open()
    await left.opened
    source.emit('CREATE', '/a')
    await staying.has(1)
    await handle.stop()
    expect(staying.types).toEqual(['CREATE', 'MONITOR_STOP'])
  })

  it('writes what came before an error of the source, then fails with it', async () => {
    const error = new FsflowError({ code: 'FSFLOW_KERNEL', message: 'read failed' })
    const { source, sink, handle, opened } = start()
    await opened
    source.emit('CREATE', '/a')
    source.fail(error)
    await expect(handle.done).rejects.toBe(error)
    await expect(handle.ready).rejects.toBe(error)
    expect(sink.types).toEqual(['CREATE'])
    expect(sink.closed).toBe(1)
  })

  it('names the operator that threw and keeps its exception', async () => {
    const boom = new TypeError('boom')
    const thrower: Operator = map(() => {
      throw boom
    })
    const { source, handle, opened } = start({ operators: [map((event) => event), thrower] })
    await opened
    source.emit('CREATE', '/a')
    await expect(handle.done).rejects.toMatchObject({
      code: 'FSFLOW_OPERATOR_FAILED',
      message: 'operators[1] (operator) failed: TypeError: boom',
      cause: boom,
    })
  })

  it('shows what an operator threw that is no Error', async () => {
    const thrower: Operator = map(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw { status: 404 }
    })
    const { source, handle, opened } = start({ operators: [thrower] })
    await opened
    source.emit('CREATE', '/a')
    await expect(handle.done).rejects.toMatchObject({
      message: 'operators[0] (operator) failed: { status: 404 }',
    })
  })

  it('names the operator that throws when it is applied for the run', async () => {
    let times = 0
    const onlyOnce: Operator = (events) => {
      if (++times > 1) throw new RangeError('once and no more')
      return events
    }
    const { handle } = start({ operators: [map((event) => event), onlyOnce] })
    await expect(handle.done).rejects.toMatchObject({
      code: 'FSFLOW_OPERATOR_FAILED',
      message: 'operators[1] (onlyOnce) failed: RangeError: once and no more',
    })
  })

  it('opens nothing when a check finds a problem', async () => {
    const source = new FakeSource()
    const first = new FsflowError({ code: 'FSFLOW_PATH_NOT_FOUND', message: 'no such path' })
    source.report = { lines: [], problems: [first] }
    const sink = new FakeSink()
    sink.checkError = new FsflowError({ code: 'FSFLOW_SINK_OPEN', message: 'no such folder' })
    const { handle, issues } = start({ source, sinks: [sink] })
    await expect(handle.checked).rejects.toBe(first)
    await expect(handle.done).rejects.toBe(first)
    expect(issues).toMatchObject([{ code: 'FSFLOW_SINK_OPEN', message: 'no such folder' }])
    expect(source.request).toBeUndefined()
    expect(sink.opened).toBe(0)
  })

  it('closes the sinks that it has opened when another cannot be opened', async () => {
    const first = new FakeSink('first')
    const second = new FakeSink('second')
    second.beforeOpen = () => Promise.reject(new Error('refused'))
    const { handle, source } = start({ sinks: [first, second] })
    await handle.checked
    await expect(handle.done).rejects.toThrow('refused')
    expect(first.closed).toBe(1)
    expect(source.request).toBeUndefined()
  })

  it('gives sinks up after drainTimeout and says what was not written', async () => {
    const stuck = new FakeSink('stuck')
    const fine = new FakeSink('fine')
    stuck.beforeWrite = () => gate().opened
    const { source, handle, opened } = start({ sinks: [stuck, fine], drainTimeout: 20 })
    await opened
    source.emit('CREATE', '/a')
    source.emit('CREATE', '/b')
    await expect(handle.stop()).rejects.toMatchObject({
      code: 'FSFLOW_DRAIN_TIMEOUT',
      message: 'the run ended before its sinks had finished: 3 events were not written (stuck: 3)',
    })
    expect(fine.types).toEqual(['CREATE', 'CREATE', 'MONITOR_STOP'])
    expect(handle.stats().dropped).toBe(3)
  })

  it('says so when all was written and a sink only does not close in time', async () => {
    const stuck = new FakeSink('stuck')
    stuck.beforeClose = () => gate().opened
    const { source, handle, opened } = start({ sinks: [stuck], drainTimeout: 20 })
    await opened
    source.emit('CREATE', '/a')
    await expect(handle.stop()).rejects.toMatchObject({
      code: 'FSFLOW_DRAIN_TIMEOUT',
      message: 'the run ended before its sinks had closed, though all was written (stuck)',
    })
    expect(stuck.types).toEqual(['CREATE', 'MONITOR_STOP'])
    expect(handle.stats().dropped).toBe(0)
  })

  it('waits for sinks without a limit when the source ended by itself', async () => {
    const slow = new FakeSink()
    const release = gate()
    slow.beforeWrite = () => release.opened
    const { source, handle, opened } = start({ sinks: [slow], drainTimeout: 0 })
    await opened
    source.emit('CREATE', '/a')
    source.complete()
    setTimeout(release.open, 20)
    await handle.done
    expect(slow.types).toEqual(['CREATE', 'MONITOR_STOP'])
  })

  it('gives up a source that does not stop, in time for the sinks', async () => {
    const source = new FakeSource({ deaf: true })
    const { sink, handle, opened } = start({ source, drainTimeout: 200 })
    await opened
    source.emit('CREATE', '/a')
    await expect(handle.stop()).rejects.toMatchObject({
      code: 'FSFLOW_DRAIN_TIMEOUT',
      message: expect.stringContaining('the source fake did not stop in time'),
    })
    expect(source.closed).toBe(1)
    expect(sink.types).toEqual(['CREATE', 'MONITOR_STOP'])
    expect(sink.closed).toBe(1)
  })

  it('a second stop with a shorter timeout brings the end forward', async () => {
    const stuck = new FakeSink()
    stuck.beforeWrite = () => gate().opened
    const { source, handle, opened } = start({ sinks: [stuck], drainTimeout: 1_000_000 })
    await opened
    source.emit('CREATE', '/a')
    const stopping = handle.stop()
    await expect(handle.stop(0)).rejects.toMatchObject({ code: 'FSFLOW_DRAIN_TIMEOUT' })
    await expect(stopping).rejects.toMatchObject({ code: 'FSFLOW_DRAIN_TIMEOUT' })
  })

  it('a stop while a sink is being opened ends it, and closes the sink that comes late', async () => {
    const slow = new FakeSink()
    const opening = gate()
    const asked = gate()
    const closed = gate()
    slow.beforeOpen = () => {
      asked.open()
      return opening.opened
    }
    slow.beforeClose = closed.open
    const { handle } = start({ sinks: [slow], drainTimeout: 10 })
    await asked.opened
    await expect(handle.stop()).rejects.toMatchObject({ code: 'FSFLOW_DRAIN_TIMEOUT' })
    opening.open()
    await closed.opened
    expect(slow.opened).toBe(1)
  })

  it('stopping a run that has ended changes nothing', async () => {
    const { source, handle, opened } = start()
    await opened
    source.complete()
    const summary = await handle.done
    expect(await handle.stop(0)).toBe(summary)
    expect(handle.stats()).toEqual(summary)
  })

  it('gives the counters while it runs, and when it gets ready before its sinks are told', async () => {
    const seen: [boolean, number][] = []
    const source = new FakeSource()
    const sink = new FakeSink()
    source.watches = 3
    const { handle, opened } = start({
      source,
      sinks: [sink],
      run: { onStats: ({ ready, watches }) => seen.push([ready, watches! + sink.events.length]) },
    })
    await opened
    source.emit('MONITOR_START')
    await sink.has(1)
    expect(seen).toEqual([[true, 3]])
    source.watches = 5
    expect(handle.stats()).toMatchObject({ events: 1, watches: 5 })
    await handle.stop()
  })

  it('gives the counters at the first event, before its sinks are told', async () => {
    const seen: [boolean, number, number][] = []
    const sink = new FakeSink()
    const { source, handle, opened } = start({
      sinks: [sink],
      run: { onStats: ({ ready, events }) => seen.push([ready, events, sink.events.length]) },
    })
    await opened
    source.emit('WARNING')
    source.emit('WARNING')
    await sink.has(2)
    expect(seen).toEqual([[false, 1, 0]])
    source.emit('MONITOR_START')
    await sink.has(3)
    expect(seen).toEqual([
      [false, 1, 0],
      [true, 3, 2],
    ])
    await handle.stop()
  })

  it('an exception in a callback of the user ends the run and is its error', async () => {
    const boom = new Error('mine')
    const { source, handle, opened } = start({
      run: {
        onIssue: () => {
          throw boom
        },
      },
    })
    await opened
    source.context!.report({ code: 'X', message: 'x' })
    await expect(handle.done).rejects.toBe(boom)
  })

  it('refuses wrong arguments', () => {
    const pipeline = definePipeline({ source: new FakeSource(), sinks: [new FakeSink()] })
    expect(() => run({} as typeof pipeline)).toThrow('run was not given a pipeline')
    const wrong: readonly Record<string, unknown>[] = [
      { signal: {} },
      { onIssue: 1 },
      { onStats: 'x' },
      { reopen: true },
      { statsInterval: 0 },
      { onissue: () => undefined },
    ]
    for (const options of wrong) {
      expect(thrownBy(() => run(pipeline, options as RunOptions))).toMatchObject({
        code: 'FSFLOW_INVALID_OPTION',
      })
    }
  })
})
