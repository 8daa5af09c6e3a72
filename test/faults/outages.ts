import { join } from 'node:path'
import type { Sink } from '../../src/contracts/index.js'
import { definePipeline, deliver, run, type DeliverOptions, type RunStats } from '../../src/pipeline/index.js'
import { until } from '../helpers/until.js'
import type { Arrived } from './Destination.js'
import type { FaultResult } from './FaultCase.js'
import { addsUp, judge } from './judge.js'
import { pacedSource } from './pacedSource.js'

export interface Outage {
  readonly sink: Sink
  readonly events: number
  /** Milliseconds. */
  readonly duration: number
  readonly deliver: DeliverOptions
  /** Called once a tenth of the events was written: the destination is away from then on. */
  begin(): Promise<void> | void
  end(): Promise<void> | void
  arrived(): Promise<Arrived> | Arrived
}

const BOUND = 120_000
export const quickRetry = { first: 20, longest: 200, openAfter: 2 } as const
export const spoolOf = (directory: string) => ({
  spool: { path: join(directory, 'spool', 'spool.db') },
  retry: quickRetry,
})

/**
 * Sends events for as long as an outage lasts and a bit before and after, then waits until each one was written or
 * lost.
 */
export async function throughOutage(outage: Outage): Promise<FaultResult> {
  const { sink, events, duration } = outage
  const source = pacedSource(0, events, events / ((duration / 1000) * 1.3))
  const unsound: RunStats[] = []
  const handle = run(definePipeline({ source, sinks: [deliver(sink, outage.deliver)] }), {
    onIssue: () => undefined,
    statsInterval: 10,
    onStats: (stats) => {
      if (!addsUp(stats)) unsound.push(stats)
    },
  })
  handle.done.catch(() => undefined)
  const now = (): RunStats['sinks'][number] => handle.stats().sinks[0]!
  const what = () => JSON.stringify(handle.stats())
  await handle.ready
  await until(() => now().delivered > events / 10, what, BOUND)
  await outage.begin()
  const began = performance.now()
  await until(() => performance.now() - began > duration, what, duration * 2 + BOUND)
  await outage.end()
  await until(() => now().received > events && now().queued + now().spooled === 0, what, BOUND)
  const summary = await handle.stop()
  const { received, delivered, dropped } = summary.sinks[0]!
  const warnings = received - events - 2
  const claim = { sent: events, acknowledged: delivered - warnings - 2, lost: dropped }
  return judge([claim], await outage.arrived(), unsound.length === 0 && addsUp(summary))
}
