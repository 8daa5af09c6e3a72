import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { SinkWriteError, type Issue, type RunContext } from '../../src/contracts/index.js'
import type { FsflowError } from '../../src/errors/index.js'
import { Spool } from '../../src/pipeline/delivery/Spool.js'
import type { LaneSettings } from '../../src/pipeline/delivery/LaneSettings.js'
import { SinkLane } from '../../src/pipeline/SinkLane.js'
import { sqlite } from '../../src/sinks/index.js'
import { loadLibsql } from '../../src/sinks/database/loadLibsql.js'
import { itWith, mounting } from '../helpers/requires.js'
import { until } from '../helpers/until.js'
import { withDirectory, withSmallDisk } from '../helpers/withDirectory.js'
import { event, FakeSink, gate } from './fakes.js'

const context: RunContext = { signal: new AbortController().signal, report: () => undefined }
const quick = { first: 1, longest: 2, openAfter: 2, giveUpAfter: Infinity }
const change = (seq: number) => event(seq, 'MODIFY', `/f${seq}`)
const failure = (lost: number, final = false) =>
  new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message: 'down', lost, final })

interface Tested {
  readonly lane: SinkLane
  readonly issues: Issue[]
  readonly full: FsflowError[]
  readonly spool: Spool
}

async function open(
  sink: Pick<FakeSink, 'name' | 'open'>,
  directory: string,
  more: Partial<LaneSettings> = {},
  bytes = 2 ** 24,
): Promise<Tested> {
  const issues: Issue[] = []
  const full: FsflowError[] = []
  const spool = await Spool.open(join(directory, 'spool.db'), bytes, () => undefined)
  const settings = { whenFull: 'spill', queue: 500, retry: quick, run: 'this', spool, ...more } as const
  const lane = new SinkLane(sink.name, await sink.open(context), settings, {
    report: (issue) => issues.push(issue),
    onEnd: () => undefined,
    onFull: (error) => full.push(error),
  })
  return { lane, issues, full, spool }
}

function addUp({ received, resumed, delivered, dropped, spooled, pending }: SinkLane): void {
  expect(received + resumed).toBe(delivered + dropped + spooled + pending)
}

const seqs = (sink: FakeSink) => sink.events.map(({ seq }) => seq)
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

describe('SinkLane with a spool', () => {
  it('delivers to a slow sink all that came, in its order', () =>
    withDirectory(async (directory) => {
      const sink = new FakeSink()
      const first = gate()
      sink.beforeWrite = () => first.opened
      const { lane, spool } = await open(sink, directory)
      for (let i = 0; i < 3000; i++) {
        lane.push(change(i))
        if (i % 100 === 0) {
          await until(
            () => lane.pending <= 1000,
            () => 'room in memory',
          )
        }
      }
      await until(
        () => spool.count > 0,
        () => 'events on disk',
      )
      addUp(lane)
      first.open()
      await lane.finish()
      expect(seqs(sink)).toEqual(numbers(3000))
      expect(lane).toMatchObject({ delivered: 3000, dropped: 0, spooled: 0, state: 'closed' })
    }))

  it('keeps what a dead sink does not take, and delivers it in the next run, with the run that it is of', () =>
    withDirectory(async (directory) => {
      const dead = new FakeSink()
      dead.beforeWrite = (batch) => Promise.reject(failure(batch.length))
      const before = await open(dead, directory)
      for (let i = 0; i < 500; i++) before.lane.push(change(i))
      await until(
        () => before.lane.circuit !== 'closed',
        () => 'an open circuit',
      )
      for (let i = 500; i < 700; i++) before.lane.push(change(i))
      await before.lane.finish()
      addUp(before.lane)
      expect(before.lane).toMatchObject({ delivered: 0, dropped: 0, spooled: 700, state: 'spooled' })
      expect(before.issues.map(({ code }) => code)).toEqual(['FSFLOW_SINK_WAITS'])

      const sink = new FakeSink()
      const runs: (string | undefined)[] = []
      const recording = {
        name: 'memory',
        open: async () => {
          const writer = await sink.open(context)
          return {
            ...writer,
            write: (batch: Parameters<typeof writer.write>[0], run?: string) => {
              runs.push(...batch.map(() => run))
              return writer.write(batch)
            },
          }
        },
      }
      const { lane } = await open(recording, directory, { run: 'next' })
      expect(lane.resumed).toBe(700)
      for (let i = 0; i < 3; i++) lane.push(change(i))
      await lane.finish()
      expect(seqs(sink)).toEqual([...numbers(700), 0, 1, 2])
      expect(runs).toEqual([...numbers(700).map(() => 'this'), 'next', 'next', 'next'])
      expect(lane).toMatchObject({ delivered: 703, dropped: 0, spooled: 0, state: 'closed' })
      addUp(lane)
    }))

  it('goes on when the sink is back, with what it has not taken of a batch', () =>
    withDirectory(async (directory) => {
      const sink = new FakeSink()
      let attempts = 0
      const taken: number[] = []
      sink.beforeWrite = (batch) => {
        attempts++
        if (attempts > 6) return undefined
        const part = batch.slice(0, attempts === 1 ? 3 : 0)
        taken.push(...part.map(({ seq }) => seq))
        return Promise.reject(failure(batch.length - part.length))
      }
      const { lane } = await open(sink, directory)
      for (let i = 0; i < 300; i++) lane.push(change(i))
      await until(
        () => lane.delivered === 300,
        () => `300 delivered, not ${lane.delivered}`,
      )
      expect([...taken, ...seqs(sink)]).toEqual(numbers(300))
      // The event that showed that it is back came alone.
      expect(sink.batches[0]).toHaveLength(1)
      expect(lane.retries).toBe(6)
      expect(lane.circuit).toBe('closed')
      addUp(lane)
      await lane.finish()
      expect(lane.state).toBe('closed')
    }))

  it('keeps what is being written and what waits when it is given up', () =>
    withDirectory(async (directory) => {
      const sink = new FakeSink()
      sink.beforeWrite = () => gate().opened
      const { lane } = await open(sink, directory, { queue: 1000 })
      for (let i = 0; i < 5; i++) lane.push(change(i))
      await until(
        () => lane.pending === 5,
        () => 'all pending',
      )
      await Promise.resolve()
      for (let i = 5; i < 20; i++) lane.push(change(i))
      void lane.finish()
      await lane.abandon()
      expect(lane).toMatchObject({ delivered: 0, dropped: 0, spooled: 20, pending: 0, state: 'spooled' })
      const next = new FakeSink()
      const again = await open(next, directory)
      await again.lane.finish()
      expect(seqs(next)).toEqual(numbers(20))
    }))

  it('keeps on disk what comes after it has failed for good', () =>
    withDirectory(async (directory) => {
      const sink = new FakeSink()
      sink.beforeWrite = (batch) => Promise.reject(failure(batch.length, true))
      const { lane } = await open(sink, directory)
      lane.push(change(0))
      await until(
        () => lane.state === 'failed',
        () => 'the failure',
      )
      for (let i = 1; i < 50; i++) lane.push(change(i))
      await lane.finish()
      expect(lane).toMatchObject({ delivered: 0, dropped: 0, spooled: 50, state: 'failed' })
      addUp(lane)
    }))

  it('counts what a full spool does not take, and tells of it in its place', () =>
    withDirectory(async (directory) => {
      const sink = new FakeSink()
      const first = gate()
      sink.beforeWrite = () => first.opened
      const { lane, issues, spool } = await open(sink, directory, { queue: 50 }, 300_000)
      let sent = 0
      const send = async () => {
        for (let i = 0; i < 100; i++) lane.push(change(sent++))
        await new Promise(setImmediate)
      }
      while (lane.dropped === 0 || !issues.some(({ code }) => code === 'FSFLOW_SPOOL')) await send()
      addUp(lane)
      expect(spool.count).toBeGreaterThan(0)
      expect(issues.filter(({ code }) => code === 'FSFLOW_SPOOL')).toHaveLength(1)
      first.open()
      await lane.finish()
      addUp(lane)
      expect(lane).toMatchObject({ spooled: 0, pending: 0, state: 'closed' })
      const warnings = sink.events.filter(({ eventType }) => eventType === 'WARNING')
      const told = warnings.map(({ controlDetails }) => controlDetails!.counts!.dropped!)
      expect(told.reduce((sum, count) => sum + count, 0)).toBe(lane.dropped)
      expect(sink.events.length - warnings.length + lane.dropped).toBe(sent)
      expect(seqs(sink)).toEqual([...seqs(sink)].sort((a, b) => a - b))
    }))

  it('has the run end when the spool is full and that was declared', () =>
    withDirectory(async (directory) => {
      const sink = new FakeSink()
      sink.beforeWrite = () => gate().opened
      const { lane, full } = await open(sink, directory, { queue: 50, spoolFails: true }, 300_000)
      let sent = 0
      while (full.length === 0) {
        for (let i = 0; i < 100; i++) lane.push(change(sent++))
        await new Promise(setImmediate)
      }
      expect(full[0]).toMatchObject({ code: 'FSFLOW_SINK_FULL' })
      expect(full[0]!.message).toContain('its spool')
      addUp(lane)
      await lane.abandon()
    }))

  itWith([mounting], 'on a full disk, loses what memory does not hold, counts it, and recovers', () =>
    withSmallDisk(600, async (directory) => {
      await chmod(directory, 0o700)
      const sink = new FakeSink()
      const first = gate()
      sink.beforeWrite = () => first.opened
      const { lane, issues } = await open(sink, directory)
      const ballast = join(directory, 'ballast')
      await writeFile(ballast, Buffer.alloc(600 * 1024)).catch(() => undefined)
      let sent = 0
      while (!issues.some(({ code }) => code === 'FSFLOW_SPOOL')) {
        for (let i = 0; i < 500; i++) lane.push(change(sent++))
        await new Promise(setImmediate)
      }
      await rm(ballast)
      first.open()
      await lane.finish()
      addUp(lane)
      expect(lane).toMatchObject({ spooled: 0, state: 'closed' })
      expect(lane.delivered + lane.dropped).toBe(lane.received)
      expect(lane.dropped).toBeGreaterThan(0)
    }),
  )

  it('waits on disk for a database that another program has locked', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const target = sqlite({ path, lockTimeout: 0 })
      const { lane } = await open(target, directory)
      const Database = loadLibsql()
      const other = new Database(path)
      other.exec('BEGIN IMMEDIATE')
      for (let i = 0; i < 100; i++) lane.push(change(i))
      await until(
        () => lane.circuit !== 'closed' && lane.spooled === 100,
        () => 'all on disk',
      )
      addUp(lane)
      other.exec('COMMIT')
      await until(
        () => lane.delivered === 100,
        () => 'all delivered',
      )
      await lane.finish()
      const rows = other.prepare('SELECT seq, run FROM events ORDER BY id').all()
      other.close()
      expect(rows).toEqual(numbers(100).map((seq) => ({ seq, run: 'this' })))
    }))
})

describe('SinkLane without a spool', () => {
  async function laneOf(sink: FakeSink, more: Partial<LaneSettings>) {
    const full: FsflowError[] = []
    const settings = { whenFull: 'dropOldest', queue: 10, retry: undefined, run: 'this', ...more } as const
    const lane = new SinkLane(sink.name, await sink.open(context), settings, {
      report: () => undefined,
      onEnd: () => undefined,
      onFull: (error) => full.push(error),
    })
    return { lane, full }
  }

  it('with fail, refuses what does not fit, says so once, and writes what waits', async () => {
    const sink = new FakeSink()
    const first = gate()
    sink.beforeWrite = () => first.opened
    const { lane, full } = await laneOf(sink, { whenFull: 'fail' })
    for (let i = 0; i < 15; i++) lane.push(change(i))
    expect(full).toMatchObject([{ code: 'FSFLOW_SINK_FULL' }])
    expect(lane.dropped).toBe(5)
    first.open()
    await lane.finish()
    expect(seqs(sink)).toEqual(numbers(10))
    expect(lane).toMatchObject({ delivered: 10, dropped: 5, state: 'failed' })
    addUp(lane)
  })

  it('tries again, and drops the oldest meanwhile', async () => {
    const sink = new FakeSink()
    let attempts = 0
    sink.beforeWrite = (batch) => (++attempts < 4 ? Promise.reject(failure(batch.length)) : undefined)
    const { lane } = await laneOf(sink, { retry: quick })
    lane.push(change(0))
    await until(
      () => attempts > 0,
      () => 'the first attempt',
    )
    for (let i = 1; i < 31; i++) lane.push(change(i))
    await until(
      () => lane.pending === 0,
      () => 'all written',
    )
    await lane.finish()
    expect(lane).toMatchObject({ dropped: 20, state: 'closed' })
    expect(seqs(sink)).toEqual([0, ...numbers(11, 20)])
    addUp(lane)
  })

  it('is not waited for at the end once it has failed again and again', async () => {
    const sink = new FakeSink()
    sink.beforeWrite = (batch) => Promise.reject(failure(batch.length))
    const { lane } = await laneOf(sink, { retry: { ...quick, longest: 1_000_000, first: 1, openAfter: 1 } })
    lane.push(change(0))
    await until(
      () => lane.circuit === 'open',
      () => 'an open circuit',
    )
    await lane.finish()
    expect(lane).toMatchObject({ delivered: 0, dropped: 1, state: 'failed' })
    addUp(lane)
  })
})
