import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { SinkWriteError, type Issue } from '../../src/contracts/index.js'
import type { FileEvent, WireEvent } from '../../src/events/index.js'
import { deliver, definePipeline, planPipeline, run, type RunStats } from '../../src/pipeline/index.js'
import { checkPlan } from '../../src/pipeline/checkPlan.js'
import { describePlan } from '../../src/pipeline/describePlan.js'
import { ndjson, sqlite } from '../../src/sinks/index.js'
import { loadLibsql } from '../../src/sinks/database/loadLibsql.js'
import { memorySource } from '../../src/testing/memorySource.js'
import { runChild } from '../helpers/runChild.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { event, FakeSink, FakeSource, gate } from './fakes.js'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const changes = (count: number) => numbers(count).map((seq) => event(seq, 'MODIFY', `/f${seq}`))
/** The numbers in the names of files, of the changes only. */
const numbersIn = (paths: readonly string[]) =>
  paths.filter((path) => path !== '').map((path) => Number(/\d+$/.exec(path)![0]))
const changesIn = (events: readonly FileEvent[]) => events.filter(({ isControl }) => !isControl)

/** For each sink: what came is what was written, lost, is on disk, or waits. */
function addUp({ sinks }: RunStats): void {
  for (const { received, resumed, delivered, dropped, spooled, queued } of sinks) {
    expect(received + resumed).toBe(delivered + dropped + spooled + queued)
  }
}

function pathsInDatabase(path: string): string[] {
  const database = new (loadLibsql())(path)
  const rows = database.prepare('SELECT path FROM events ORDER BY id').all() as { path: string | null }[]
  database.close()
  return rows.map((row) => row.path ?? '')
}

function pathsInLines(path: string): string[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.map((line) => (JSON.parse(line) as WireEvent).file_path)
}

describe('run, with deliver', () => {
  it('ends with FSFLOW_SINK_FULL when a queue is full and that is declared, and writes what waited', async () => {
    const [slow, other] = [new FakeSink('slow'), new FakeSink('other')]
    const source = new FakeSource()
    const [first, opened] = [gate(), gate()]
    source.onOpen = opened.open
    slow.beforeWrite = () => first.opened
    const sinks = [deliver(slow, { whenFull: 'fail', queue: 10 }), other]
    const handle = run(definePipeline({ source, sinks }))
    await opened.opened
    source.emit('MODIFY', '/being-written')
    await other.has(1)
    for (let i = 0; i < 20; i++) source.emit('MODIFY', `/f${i}`)
    first.open()
    await expect(handle.done).rejects.toMatchObject({
      code: 'FSFLOW_SINK_FULL',
      message: expect.stringMatching(/^the sink slow is full: 10 events wait for it/),
    })
    expect(changesIn(slow.events)).toHaveLength(11)
    // The first event that found no room is the last of the run.
    expect(changesIn(other.events)).toHaveLength(12)
    const stats = handle.stats()
    addUp(stats)
    expect(stats.sinks[0]).toMatchObject({ dropped: 2, queued: 0, state: 'failed' })
  })

  it('leaves on disk what a sink did not take before the time was over, and takes that for no failure', () =>
    withDirectory(async (directory) => {
      const spool = { path: join(directory, 'spool', 'a.db') }
      const [stuck, quick] = [new FakeSink('stuck'), new FakeSink('quick')]
      const never = gate()
      stuck.beforeWrite = () => never.opened
      const source = memorySource(changes(500))
      const sinks = [deliver(stuck, { spool }), quick]
      const handle = run(definePipeline({ source, sinks, drainTimeout: 100 }))
      await quick.has(500)
      const summary = await handle.stop()
      addUp(summary)
      const [left, all] = summary.sinks
      expect(all).toMatchObject({ delivered: left!.received, state: 'closed' })
      expect(left).toMatchObject({ delivered: 0, dropped: 0, queued: 0, state: 'spooled' })
      expect(summary).toMatchObject({ dropped: 0, spooled: left!.received })

      const next = new FakeSink('next')
      const definition = { source: memorySource([], { complete: true }), sinks: [deliver(next, { spool })] }
      const second = await run(definePipeline(definition)).done
      addUp(second)
      expect(second.sinks[0]).toMatchObject({ resumed: left!.received, spooled: 0, state: 'closed' })
      expect(numbersIn(next.events.map(({ filePath }) => filePath))).toEqual(numbers(500))
    }))

  it('does not have a sink that is down delay another one, or the source', () =>
    withDirectory(async (directory) => {
      const [down, up] = [new FakeSink('down'), new FakeSink('up')]
      down.beforeWrite = ({ length: lost }) => {
        throw new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message: 'down', lost })
      }
      const issues: Issue[] = []
      const sinks = [
        deliver(down, { spool: { path: join(directory, 'a.db') }, retry: { first: 1, longest: 2 } }),
        up,
      ]
      const source = memorySource(changes(20_000))
      const handle = run(definePipeline({ source, sinks }), { onIssue: (issue) => issues.push(issue) })
      await up.has(20_000)
      await until(
        () => handle.stats().sinks[0]!.spooled >= 20_000,
        () => JSON.stringify(handle.stats().sinks),
      )
      const stats = handle.stats()
      addUp(stats)
      expect(stats.sinks[0]).toMatchObject({ delivered: 0, dropped: 0, queued: 0, state: 'open' })
      expect(stats.sinks[0]!.circuit).not.toBe('closed')
      expect(stats.sinks[0]!.retries).toBeGreaterThan(3)
      addUp(await handle.stop())
      expect(issues.map(({ code }) => code)).toEqual(['FSFLOW_SINK_WAITS'])
    }))

  it('is checked: two sinks with one spool, and what applies to each', () =>
    withDirectory(async (directory) => {
      const spool = { path: join(directory, 'a.db'), size: 2 ** 20 }
      const sinks = [
        deliver(new FakeSink('one'), { spool, queue: 100 }),
        deliver(new FakeSink('two'), { spool }),
        deliver(new FakeSink('three'), { whenFull: 'fail', queue: 5, retry: { giveUpAfter: 2000 } }),
        new FakeSink('four'),
      ]
      const plan = planPipeline(definePipeline({ source: new FakeSource(), sinks }))
      const { problems } = await checkPlan(plan)
      expect(problems.map(({ message }) => message)).toEqual([
        expect.stringContaining(`sinks[1] has the same spool as sinks[0]: ${spool.path}`),
      ])
      const lines = describePlan(plan)
        .split('\n')
        .map((line) => line.trim())
      expect(lines).toContain(
        `up to 100 events wait, then they are kept in ${spool.path}, up to 1048576 bytes; tried again when it fails`,
      )
      expect(lines).toContain('up to 5 events wait, then the run ends; tried again for 2000 ms when it fails')
      expect(lines).toContain(
        'up to 262144 events wait, then the oldest are lost and counted; not tried again when it fails',
      )
    }))

  it.each(['sqlite', 'ndjson'] as const)(
    'after kill -9, the next run writes to %s all that was on disk, each event whole',
    (name) =>
      withDirectory(async (directory) => {
        const spool = { path: join(directory, 'spool', 'a.db') }
        let last = 0
        const { signal } = await runChild('spooling', [spool.path], {
          onOutput: (text, kill) => {
            last = Number(text.trimEnd().split('\n').at(-1))
            if (last >= 5000) kill('SIGKILL')
          },
        })
        expect(signal).toBe('SIGKILL')
        const path = join(directory, 'out')
        const sink = name === 'sqlite' ? sqlite({ path }) : ndjson({ path })
        const source = memorySource([], { complete: true })
        const summary = await run(definePipeline({ source, sinks: [deliver(sink, { spool })] })).done
        addUp(summary)
        const found = numbersIn(name === 'sqlite' ? pathsInDatabase(path) : pathsInLines(path))
        expect(found.length + 2).toBeGreaterThanOrEqual(last)
        expect(summary.sinks[0]).toMatchObject({ spooled: 0, dropped: 0, state: 'closed' })
        expect(found).toEqual(numbers(found.length))
      }),
  )
})
