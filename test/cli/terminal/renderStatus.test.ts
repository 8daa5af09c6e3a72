import { describe, expect, it } from '@jest/globals'
import { renderStatus } from '../../../src/cli/terminal/renderStatus.js'
import type { RunStats } from '../../../src/pipeline/index.js'

const stats: RunStats = {
  ready: true,
  events: 12_000,
  kinds: { CREATE: 2000, MODIFY: 9999, OVERFLOW: 1 },
  filtered: 1000,
  dropped: 7,
  spooled: 2000,
  watches: 1,
  durationMs: 10_000,
  stages: [{ name: 'resolvePath', in: 12_000, out: 11_000 }],
  sinks: [
    {
      name: 'webhook\u001b',
      received: 11_000,
      delivered: 8993,
      dropped: 7,
      spooled: 2000,
      resumed: 0,
      queued: 0,
      retries: 1,
      circuit: 'half-open',
      lagMs: 12.345,
      state: 'open',
    },
  ],
}

describe('renderStatus', () => {
  it('has a line for the run, the types, each operator and each sink', () => {
    expect(renderStatus(stats)).toEqual([
      '10 s, 1 watch, 12,000 events (1,200/s), 1,000 filtered, 7 lost, 2,000 spooled, 1 overflow, 0 repairs',
      'MODIFY 9,999  CREATE 2,000  OVERFLOW 1',
      'resolvePath: 12,000 in, 11,000 out',
      'sink webhook\\x1B: 8,993 written, 0 queued, 7 lost, 2,000 spooled, 1 retry, lag 12.3 ms, circuit half-open',
    ])
  })

  it('tells the rate since the last time', () => {
    const [first] = renderStatus({ ...stats, watches: undefined, events: 12_500, durationMs: 11_000 }, stats)
    expect(first).toMatch(/^11 s, 12,500 events \(500\/s\)/)
    expect(renderStatus(stats, stats)[0]).toContain('(0/s)')
  })

  it('leaves out what does not apply to a sink', () => {
    const sink = {
      ...stats.sinks[0]!,
      name: 'csv',
      spooled: 0,
      retries: 0,
      lagMs: undefined,
      circuit: 'closed' as const,
    }
    expect(renderStatus({ ...stats, sinks: [sink] }).at(-1)).toBe(
      'sink csv: 8,993 written, 0 queued, 7 lost, open',
    )
  })
})
