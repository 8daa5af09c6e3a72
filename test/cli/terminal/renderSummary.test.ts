import { describe, expect, it } from '@jest/globals'
import { count, renderSummary } from '../../../src/cli/terminal/renderSummary.js'

describe('renderSummary', () => {
  const sink = {
    name: 'csv',
    received: 4,
    delivered: 3,
    dropped: 1,
    spooled: 0,
    resumed: 0,
    queued: 0,
    retries: 0,
    circuit: 'closed' as const,
    lagMs: undefined,
    state: 'closed' as const,
  }
  const stats = {
    ready: true,
    events: 1234567,
    kinds: { MODIFY: 1234567 },
    filtered: 1000,
    dropped: 1,
    spooled: 0,
    watches: 1,
    durationMs: 61_234,
    stages: [{ name: 'resolvePath', in: 5, out: 4 }],
    sinks: [sink],
  }

  it('is one line', () => {
    expect(renderSummary(stats, false)).toBe(
      'fsflow: 1,234,567 events, 1,000 filtered, 1 dropped, 1 watch, 61.2 s\n',
    )
    expect(renderSummary({ ...stats, watches: undefined }, false)).not.toContain('watch')
  })

  it('has every operator and sink when it is verbose', () => {
    expect(renderSummary(stats, true).split('\n').slice(1)).toEqual([
      'fsflow:   resolvePath: 5 in, 4 out',
      'fsflow:   sink csv: 3 delivered, 1 dropped, closed',
      '',
    ])
  })

  it('tells what is kept on disk, and what was tried again', () => {
    const sinks = [{ ...sink, spooled: 2000, retries: 1, state: 'spooled' as const }]
    expect(renderSummary({ ...stats, spooled: 2000, sinks }, true).split('\n')).toEqual([
      'fsflow: 1,234,567 events, 1,000 filtered, 1 dropped, 2,000 spooled, 1 watch, 61.2 s',
      'fsflow:   resolvePath: 5 in, 4 out',
      'fsflow:   sink csv: 3 delivered, 1 dropped, 2000 spooled, 1 retry, spooled',
      '',
    ])
  })

  it('counts in words', () => {
    expect(count(1, 'directory', 'directories')).toBe('1 directory')
    expect(count(2000, 'directory', 'directories')).toBe('2,000 directories')
    expect(count(0, 'event')).toBe('0 events')
  })
})
