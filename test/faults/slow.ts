import { setTimeout as delay } from 'node:timers/promises'
import type { Sink } from '../../src/contracts/index.js'
import { definePipeline, deliver, run, type DeliverOptions } from '../../src/pipeline/index.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'
import type { FaultCase } from './FaultCase.js'
import { addsUp, judge } from './judge.js'
import { spoolOf } from './outages.js'
import { pacedSource } from './pacedSource.js'

// A busy disk takes its time, while further events come.
const LONGEST_QUEUE = 20_000
const BOUND = 300_000

/** Takes so many events a second. */
function slowSink(paths: string[], perSecond: number): Sink {
  return {
    name: 'slow',
    description: 'takes its time',
    check: () => Promise.resolve(),
    open: () =>
      Promise.resolve({
        ownFiles: [],
        async write(batch) {
          await delay((batch.length / perSecond) * 1000)
          for (const { filePath } of batch) if (filePath !== '') paths.push(filePath)
        },
        close: () => Promise.resolve(),
      }),
  }
}

function slowCase(
  whenFull: 'spill' | 'dropOldest' | 'fail',
  becomes: string,
  options: (directory: string) => DeliverOptions,
): FaultCase {
  return {
    name: `slow consumer, whenFull: '${whenFull}'`,
    fault: ({ events }) => `the sink takes a fifth of what comes, ${events} events in all: ${becomes}`,
    requires: [],
    mayLose: whenFull !== 'spill',
    run: ({ events, outage }) =>
      withDirectory(async (directory) => {
        const perSecond = events / (outage / 1000)
        const paths: string[] = []
        const sink = deliver(slowSink(paths, perSecond / 5), {
          queue: Math.min(LONGEST_QUEUE, events / 2),
          ...options(directory),
        })
        let isSound = 0
        const handle = run(definePipeline({ source: pacedSource(0, events, perSecond), sinks: [sink] }), {
          onIssue: () => undefined,
          statsInterval: 10,
          onStats: (stats) => (isSound += addsUp(stats) ? 0 : 1),
        })
        const end = { hasFailed: false }
        handle.done.catch(() => (end.hasFailed = true))
        await handle.ready
        const now = () => handle.stats().sinks[0]!
        await until(
          () => end.hasFailed || (now().received > events && now().queued + now().spooled === 0),
          () => JSON.stringify(handle.stats()),
          BOUND,
        )
        if (!end.hasFailed) await handle.stop()
        const stats = handle.stats()
        const { received, dropped, delivered } = stats.sinks[0]!
        // What stands among them for itself: the start, the end, and what tells of losses. A refused end is lost too.
        const written = paths.length
        const sent = whenFull === 'fail' ? written + dropped - 1 : events
        const counted = sent - written
        const claim = { sent, acknowledged: written, lost: counted }
        const isTold = whenFull === 'fail' ? received === delivered + dropped : dropped === counted
        return judge([claim], { paths, corrupt: 0 }, isSound === 0 && isTold && addsUp(stats))
      }),
  }
}

export const slowCases: readonly FaultCase[] = [
  slowCase('spill', 'what waits goes to disk', spoolOf),
  slowCase('dropOldest', 'the oldest are lost and counted', () => ({ whenFull: 'dropOldest' })),
  slowCase('fail', 'the run ends', () => ({ whenFull: 'fail' })),
]
