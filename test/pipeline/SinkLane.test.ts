import { describe, expect, it } from '@jest/globals'
import type { Issue, RunContext } from '../../src/contracts/index.js'
import { SinkWriteError } from '../../src/contracts/index.js'
import type { FsflowError } from '../../src/errors/index.js'
import { batchSize } from '../../src/pipeline/delivery/Attempts.js'
import type { LaneSettings } from '../../src/pipeline/delivery/LaneSettings.js'
import { SinkLane } from '../../src/pipeline/SinkLane.js'
import { event, FakeSink, gate } from './fakes.js'

const context: RunContext = { signal: new AbortController().signal, report: () => undefined }

async function lane(sink: FakeSink, limit: number, more: Partial<LaneSettings> = {}) {
  const full: FsflowError[] = []
  const issues: Issue[] = []
  const ended: string[] = []
  const settings = { whenFull: 'dropOldest', queue: limit, retry: undefined, run: 'this', ...more } as const
  const made = new SinkLane(sink.name, await sink.open(context), settings, {
    report: (issue) => issues.push(issue),
    onEnd: ({ state }) => ended.push(state),
    onFull: (error) => full.push(error),
  })
  return { lane: made, issues, ended, full }
}

const change = (seq: number) => event(seq, 'MODIFY', `/f${seq}`)

describe('SinkLane', () => {
  it('hands over in batches what came in one go', async () => {
    const sink = new FakeSink()
    const { lane: tested } = await lane(sink, 100_000)
    for (let i = 0; i < batchSize * 2 + 1; i++) tested.push(change(i))
    await tested.finish()
    expect(sink.batches.map((batch) => batch.length)).toEqual([batchSize, batchSize, 1])
    expect(sink.events.map(({ seq }) => seq)).toEqual([...Array(batchSize * 2 + 1).keys()])
    expect(tested).toMatchObject({ delivered: batchSize * 2 + 1, dropped: 0, state: 'closed', pending: 0 })
  })

  it('has room again when half of the queue is free, or when it takes no more events', async () => {
    const sink = new FakeSink()
    const first = gate()
    sink.beforeWrite = () => first.opened
    const { lane: tested } = await lane(sink, 4)
    for (let i = 0; i < 2; i++) tested.push(change(i))
    expect(tested.room()).toBeUndefined()
    tested.push(change(2))
    const room = tested.room()
    expect(room).toBeInstanceOf(Promise)
    first.open()
    await room
    expect(sink.events).toHaveLength(3)
    const never = gate()
    sink.beforeWrite = () => never.opened
    for (let i = 0; i < 4; i++) tested.push(change(i))
    const late = tested.room()
    await tested.abandon()
    await late
    expect(tested.room()).toBeUndefined()
  })

  it('says when what has come is written, and whether any of it was lost', async () => {
    const sink = new FakeSink()
    const first = gate()
    sink.beforeWrite = () => first.opened
    const { lane: tested } = await lane(sink, 2)
    expect(await tested.written()).toBe(true)
    tested.push(change(0))
    const early = tested.written()
    tested.push(change(1))
    const late = tested.written()
    let isLate = false
    void late.then(() => (isLate = true))
    await Promise.resolve()
    expect(isLate).toBe(false)
    first.open()
    expect([await early, await late]).toEqual([true, true])
    expect(sink.events.map(({ seq }) => seq)).toEqual([0, 1])

    const second = gate()
    sink.beforeWrite = () => second.opened
    for (let i = 2; i < 6; i++) tested.push(change(i))
    const full = tested.written()
    second.open()
    expect(await full).toBe(false)
    expect(tested.dropped).toBe(2)
    tested.push(change(6))
    expect(await tested.written()).toBe(true)
  })

  it('says that what waits is not written when the sink fails or is given up, and nothing of what comes then', async () => {
    const failing = new FakeSink()
    failing.beforeWrite = () => Promise.reject(new Error('no'))
    const { lane: failed } = await lane(failing, 10)
    failed.push(change(0))
    expect(await failed.written()).toBe(false)
    expect(failed.state).toBe('failed')
    failed.push(change(1))
    expect(await failed.written()).toBe(true)

    const slow = new FakeSink()
    slow.beforeWrite = () => gate().opened
    const { lane: given } = await lane(slow, 10)
    given.push(change(0))
    const written = given.written()
    void given.abandon()
    expect(await written).toBe(false)
  })

  it('never calls write before the last call has settled', async () => {
    const sink = new FakeSink()
    let writing = 0
    sink.beforeWrite = async () => {
      expect(++writing).toBe(1)
      await Promise.resolve()
      writing--
    }
    const { lane: tested } = await lane(sink, 10)
    for (let i = 0; i < 5; i++) {
      tested.push(change(i))
      await Promise.resolve()
    }
    await tested.finish()
    expect(tested.delivered).toBe(5)
  })

  it('counts what does not fit, reports it once an episode, and says so in its stream', async () => {
    const sink = new FakeSink()
    const first = gate()
    sink.beforeWrite = () => first.opened
    const { lane: tested, issues } = await lane(sink, 4)
    for (let i = 0; i < 10; i++) tested.push(change(i))
    expect(tested).toMatchObject({ pending: 4, dropped: 6 })
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatchObject({ code: 'FSFLOW_EVENTS_DROPPED' })
    first.open()
    await sink.has(4)
    tested.push(change(10))
    await tested.finish()
    expect(sink.events.map(({ seq, eventType }) => [seq, eventType])).toEqual([
      [5, 'WARNING'],
      [6, 'MODIFY'],
      [7, 'MODIFY'],
      [8, 'MODIFY'],
      [9, 'MODIFY'],
      [10, 'MODIFY'],
    ])
    expect(sink.events[0]!.controlDetails).toMatchObject({ counts: { dropped: 6 } })
    expect(issues).toHaveLength(1)
  })

  it('tells of a second episode anew, and of one that lasts until the end', async () => {
    const sink = new FakeSink()
    const writes = [gate(), gate()]
    let write = 0
    sink.beforeWrite = () => writes[write++]?.opened
    const { lane: tested, issues } = await lane(sink, 2)
    for (let i = 0; i < 3; i++) tested.push(change(i))
    writes[0]!.open()
    await sink.has(2)
    for (let i = 3; i < 9; i++) tested.push(change(i))
    expect(issues).toHaveLength(2)
    writes[1]!.open()
    await tested.finish()
    expect(sink.types.filter((type) => type === 'WARNING')).toHaveLength(2)
    const told = sink.events.map(({ controlDetails }) => controlDetails?.counts?.dropped ?? 0)
    expect(told.reduce((sum, count) => sum + count)).toBe(tested.dropped)
  })

  it('never drops a control event', async () => {
    const sink = new FakeSink()
    const first = gate()
    sink.beforeWrite = () => first.opened
    const { lane: tested } = await lane(sink, 1)
    tested.push(change(0))
    tested.push(event(1, 'OVERFLOW'))
    tested.push(event(2, 'MONITOR_STOP'))
    first.open()
    await tested.finish()
    expect(sink.types).toEqual(['MODIFY', 'OVERFLOW', 'MONITOR_STOP'])
  })

  it('counts what a failed write lost, then all that waits and comes', async () => {
    const sink = new FakeSink()
    sink.beforeWrite = () => {
      throw new SinkWriteError({ code: 'FSFLOW_DISK_FULL', message: 'full', lost: 2 })
    }
    const { lane: tested, ended } = await lane(sink, 100_000)
    for (let i = 0; i < batchSize + 5; i++) tested.push(change(i))
    await tested.finish()
    tested.push(change(50_000))
    expect(ended).toEqual(['failed'])
    expect(tested).toMatchObject({ delivered: batchSize - 2, dropped: 2 + 5 + 1, state: 'failed' })
    expect(sink.closed).toBe(1)
  })

  it('counts a batch as lost when the error does not say how much of it was', async () => {
    const sink = new FakeSink()
    sink.beforeWrite = () => Promise.reject(new Error('broken'))
    const { lane: tested } = await lane(sink, 10)
    tested.push(change(0))
    tested.push(change(1))
    await tested.finish()
    expect(tested).toMatchObject({ delivered: 0, dropped: 2, state: 'failed' })
  })

  it('fails when the sink cannot be closed', async () => {
    const sink = new FakeSink()
    sink.beforeClose = () => {
      throw new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message: 'flush failed', lost: 1 })
    }
    const { lane: tested } = await lane(sink, 10)
    tested.push(change(0))
    tested.push(change(1))
    await tested.finish()
    expect(tested).toMatchObject({ delivered: 1, dropped: 1, state: 'failed' })
  })

  it('forgets its queue quietly when the destination has gone', async () => {
    const sink = new FakeSink()
    const left = gate()
    const written = gate()
    sink.gone = left.opened
    sink.beforeWrite = () => written.opened
    const { lane: tested, ended } = await lane(sink, 10)
    tested.push(change(0))
    await Promise.resolve()
    tested.push(change(1))
    left.open()
    await left.opened
    await Promise.resolve()
    expect(ended).toEqual(['gone'])
    tested.push(change(2))
    written.open()
    await tested.finish()
    expect(tested).toMatchObject({ delivered: 0, dropped: 0, state: 'gone' })
  })

  it('counts what waits and what is being written when it is given up', async () => {
    const sink = new FakeSink()
    const never = gate()
    sink.beforeWrite = () => never.opened
    const { lane: tested } = await lane(sink, 100_000)
    for (let i = 0; i < batchSize + 3; i++) tested.push(change(i))
    await Promise.resolve()
    await tested.abandon()
    expect(tested).toMatchObject({ delivered: 0, dropped: batchSize + 3, state: 'late' })
    never.open()
    await tested.finish()
    expect(tested).toMatchObject({ delivered: 0, dropped: batchSize + 3, state: 'late' })
  })
})
