import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { SinkWriteError, type Sink } from '../../../src/contracts/index.js'
import { checkPlan } from '../../../src/pipeline/checkPlan.js'
import {
  definePipeline,
  deliver,
  describePlan,
  metrics,
  planPipeline,
  run,
} from '../../../src/pipeline/index.js'
import { metricList } from '../../../src/pipeline/metrics/renderMetrics.js'
import { filterKinds, resolvePath } from '../../../src/operators/index.js'
import { freePort } from '../../helpers/freePort.js'
import { until } from '../../helpers/until.js'
import { withDirectory } from '../../helpers/withDirectory.js'
import { FakeSink, FakeSource, gate } from '../fakes.js'

let port: number

beforeEach(async () => {
  port = await freePort()
})

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end().catch(() => undefined)
})

async function start(sinks: Sink[], more: object = {}) {
  const source = new FakeSource()
  const opened = gate()
  source.onOpen = opened.open
  const operators = [resolvePath(), filterKinds('CREATE')]
  const handle = run(definePipeline({ source, operators, sinks, metrics: metrics({ port }), ...more }))
  ends.push(() => handle.stop())
  handle.done.catch(() => undefined)
  await Promise.race([opened.opened, handle.done])
  return { source, handle }
}

const ask = (path = '/metrics', init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)

/** The samples by name and labels. */
async function scrape(): Promise<Map<string, number>> {
  const response = await ask()
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

describe('metrics', () => {
  it('tells what a run has seen, filtered, written and lost, and goes away with it', async () => {
    const [good, bad] = [new FakeSink('good'), new FakeSink('bad')]
    bad.beforeWrite = ({ length: lost }) => {
      throw new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message: 'down', lost })
    }
    const { source, handle } = await start([good, bad])
    source.watches = 3
    source.emit('MONITOR_START')
    source.emit('CREATE', '/a', { timestampMicros: Date.now() * 1000 })
    source.emit('MODIFY', '/a')
    source.emit('OVERFLOW')
    source.emit('RECOVERED')
    await good.has(4)
    const samples = await scrape()
    expect(Object.fromEntries(samples)).toMatchObject({
      fsflow_ready: 1,
      'fsflow_source_events_total{type="CREATE"}': 1,
      'fsflow_source_events_total{type="MODIFY"}': 1,
      fsflow_overflows_total: 1,
      fsflow_repairs_total: 1,
      fsflow_watches: 3,
      fsflow_filtered_events_total: 1,
      'fsflow_operator_in_events_total{operator="filterKinds",index="1"}': 5,
      'fsflow_operator_out_events_total{operator="filterKinds",index="1"}': 4,
      'fsflow_sink_received_events_total{sink="good",index="0"}': 4,
      'fsflow_sink_written_events_total{sink="good",index="0"}': 4,
      'fsflow_sink_lost_events_total{sink="good",index="0"}': 0,
      'fsflow_sink_up{sink="good",index="0"}': 1,
      'fsflow_sink_written_events_total{sink="bad",index="1"}': 0,
      'fsflow_sink_lost_events_total{sink="bad",index="1"}': 4,
      'fsflow_sink_up{sink="bad",index="1"}': 0,
    })
    await handle.stop().catch(() => undefined)
    await expect(ask()).rejects.toThrow()
  })

  it('tells how many events wait, and how long the last ones took', async () => {
    const sink = new FakeSink('slow')
    const [first, writing] = [gate(), gate()]
    sink.beforeWrite = () => (writing.open(), first.opened)
    const { source } = await start([sink])
    source.emit('CREATE', '/a', { timestampMicros: Date.now() * 1000 - 5_000_000 })
    await writing.opened
    source.emit('CREATE', '/b')
    const label = '{sink="slow",index="0"}'
    const before = await scrape()
    expect(before.get(`fsflow_sink_queued_events${label}`)).toBe(2)
    expect(before.has(`fsflow_sink_lag_seconds${label}`)).toBe(false)
    sink.beforeWrite = () => undefined
    first.open()
    await sink.has(2)
    const after = await scrape()
    expect(after.get(`fsflow_sink_queued_events${label}`)).toBe(0)
    expect(after.get(`fsflow_sink_lag_seconds${label}`)).toBeGreaterThan(4.9)
  })

  it('tells what waits on disk for a sink that is down, and what the next run finds there', () =>
    withDirectory(async (directory) => {
      const down = new FakeSink('down')
      down.beforeWrite = ({ length: lost }) => {
        throw new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message: 'down', lost })
      }
      const options = {
        spool: { path: join(directory, 'spool', 'spool.db') },
        retry: { first: 5, longest: 5, openAfter: 1 },
      }
      const { source, handle } = await start([deliver(down, options)])
      source.emit('CREATE', '/a')
      source.emit('CREATE', '/b')
      const label = (name: string): string => `fsflow_sink_${name}{sink="down",index="0"}`
      const isKept = (): boolean =>
        handle.stats().sinks[0]!.spooled === 2 && handle.stats().sinks[0]!.retries > 2
      await until(isKept, () => JSON.stringify(handle.stats()))
      const samples = await scrape()
      expect(samples.get(label('spooled_events'))).toBe(2)
      expect(samples.get(label('queued_events'))).toBe(0)
      expect(samples.get(label('retries_total'))).toBeGreaterThan(2)
      expect(samples.get(label('circuit'))).toBeGreaterThan(0)
      const [{ spooled } = { spooled: 0 }] = (await handle.stop()).sinks
      expect(spooled).toBeGreaterThanOrEqual(2)
      const up = new FakeSink('down')
      const { handle: next } = await start([deliver(up, options)])
      await until(
        () => next.stats().sinks[0]!.delivered === spooled,
        () => JSON.stringify(next.stats()),
      )
      const after = await scrape()
      expect(after.get(label('resumed_events_total'))).toBe(spooled)
      expect(after.get(label('written_events_total'))).toBe(spooled)
      expect(after.get(label('circuit'))).toBe(0)
    }))

  it('has a name, a help and a type for each, as Prometheus wants them', async () => {
    await start([new FakeSink()])
    const text = await (await ask()).text()
    for (const { name, kind } of metricList) {
      expect(name).toMatch(kind === 'Counter' ? /^fsflow_[a-z_]+_total$/ : /^fsflow_[a-z_]+$/)
      expect(text).toMatch(new RegExp(`^# HELP ${name} .+\n# TYPE ${name} ${kind.toLowerCase()}$`, 'm'))
    }
  })

  it('answers nothing else', async () => {
    await start([new FakeSink()])
    expect((await ask('/')).status).toBe(404)
    expect((await ask('/metrics', { method: 'POST', body: 'x' })).status).toBe(405)
    const head = await ask('/metrics?x=1', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  it('listens on the loopback interface only', async () => {
    await start([new FakeSink()])
    await expect(fetch(`http://127.0.0.2:${port}/metrics`)).rejects.toThrow()
  })

  it('is refused by the checks when its port is taken, before a sink is opened', async () => {
    const other = createServer().listen(port, '127.0.0.1')
    await once(other, 'listening')
    ends.push(async () => {
      other.close()
      await once(other, 'close')
    })
    const sink = new FakeSink()
    const pipeline = definePipeline({ source: new FakeSource(), sinks: [sink], metrics: metrics({ port }) })
    const { problems } = await checkPlan(planPipeline(pipeline))
    expect(problems).toMatchObject([
      { code: 'FSFLOW_METRICS', message: expect.stringContaining('EADDRINUSE') },
    ])
    await expect(run(pipeline).done).rejects.toMatchObject({ code: 'FSFLOW_METRICS' })
    expect(sink.opened).toBe(0)
  })

  it('stands in the plan, and keeps nobody from stopping who asks slowly', async () => {
    const pipeline = definePipeline({
      source: new FakeSource(),
      sinks: [new FakeSink()],
      metrics: metrics({ port }),
    })
    expect(describePlan(planPipeline(pipeline))).toContain(
      `metrics\n  for Prometheus, at http://127.0.0.1:${port}/metrics`,
    )
    const { handle } = await start([new FakeSink()])
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const ended = new Promise<void>((resolve) => socket.on('error', () => undefined).on('close', resolve))
    socket.write('GET /metr')
    await handle.stop()
    await ended
  })

  it.each<[unknown, string]>([
    [undefined, 'metrics: options must be an object'],
    [{}, 'metrics: port must be a whole number from 1 to 65535'],
    [{ port: 0 }, 'metrics: port must be'],
    [{ port: 65_536 }, 'metrics: port must be'],
    [{ port: '80' }, 'metrics: port must be'],
    [{ port: 9464, host: '0.0.0.0' }, 'metrics: host is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => metrics(options as { port: number })).toThrow(message)
  })

  it.each<[unknown, string]>([
    [{ port: 9464 }, 'metrics is not what metrics(...) returns but an object'],
    [metrics, 'metrics is not what metrics(...) returns but a function (metrics)'],
    [new FakeSink(), 'metrics is not what metrics(...) returns but a sink (memory)'],
  ])('is refused as the key of a pipeline when it is something else: %#', (value, message) => {
    const definition = { source: new FakeSource(), sinks: [new FakeSink()], metrics: value as never }
    expect(() => definePipeline(definition)).toThrow(message)
  })
})
