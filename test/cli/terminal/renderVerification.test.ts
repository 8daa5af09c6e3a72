import { describe, expect, it } from '@jest/globals'
import { verificationJson, verificationText } from '../../../src/cli/terminal/renderVerification.js'
import type { Comparison } from '../../../src/pipeline/index.js'

const equal: Comparison = { entries: 1034, differences: [], undecided: 0, unreadable: 0, durationMs: 251.4 }
const found: Comparison = {
  entries: 2,
  differences: [
    { problem: 'missing', path: '/r/a\nb' },
    { problem: 'extra', path: '/r/\xff' },
    { problem: 'kind', path: '/r/k' },
  ],
  undecided: 1,
  unreadable: 2,
  durationMs: 1000,
}
const many: Comparison = {
  ...equal,
  differences: Array.from({ length: 1200 }, (_, i) => ({ problem: 'extra', path: `/r/${i}` })),
}
const summary = {
  events: 1234,
  overflows: 1,
  comparisons: 2,
  differences: 3,
  undecided: 0,
  durationMs: 61_000,
  seed: undefined,
}

describe('verificationText', () => {
  it('has a line for the start and for the end', () => {
    expect(verificationText.ready(['src', 'a\u001b[2J'], 1, 0)).toBe('watching src, a\\x1B[2J: 1 entry')
    expect(verificationText.ready(['.'], 2, 3)).toBe(
      'watching .: 2 entries; 3 entries changed while they were listed',
    )
    expect(verificationText.summary(summary)).toBe(
      '1,234 events, 1 overflow, 2 comparisons, 3 differences, 61.0 s',
    )
    expect(verificationText.summary({ ...summary, seed: 5, undecided: 1 })).toBe(
      '1,234 events, 1 overflow, 2 comparisons, 3 differences, 1 path undecided, seed 5, 61.0 s',
    )
  })

  it('names each difference in a line of its own, with nothing that steers a terminal', () => {
    expect(verificationText.comparison(7, 'signal', equal)).toBe(
      'comparison 7 (signal): no differences among 1,034 entries, 0.3 s',
    )
    expect(verificationText.comparison(1, 'end', found)!.split('\n')).toEqual([
      'comparison 1 (end): 3 differences among 2 entries, 1 path went on changing, 2 directories unreadable, 1.0 s',
      '  missing  on the disk, not told:     /r/a\\nb',
      '  extra    told, not on the disk:     /r/\\xFF',
      '  kind     told as the wrong kind:    /r/k',
    ])
  })

  it('says nothing of a round of a load without differences, and does not name thousands', () => {
    expect(verificationText.comparison(1, 'load', equal)).toBeUndefined()
    const lines = verificationText.comparison(1, 'load', many)!.split('\n')
    expect(lines).toHaveLength(52)
    expect(lines.at(-1)).toBe('  and 1,150 more')
  })
})

describe('verificationJson', () => {
  const parse = (text: string | undefined): unknown => JSON.parse(text!)

  it('is one object for each', () => {
    expect(parse(verificationJson.ready(['src'], 2, 1))).toEqual({
      type: 'ready',
      paths: ['src'],
      entries: 2,
      adopted: 1,
    })
    expect(parse(verificationJson.comparison(1, 'load', equal))).toEqual({
      type: 'comparison',
      number: 1,
      reason: 'load',
      entries: 1034,
      differences: [],
      differences_total: 0,
      undecided: 0,
      unreadable: 0,
      duration_ms: 251,
    })
    expect(parse(verificationJson.summary({ ...summary, seed: 0 }))).toEqual({
      type: 'summary',
      events: 1234,
      overflows: 1,
      comparisons: 2,
      differences: 3,
      undecided: 0,
      seed: 0,
      duration_ms: 61_000,
    })
    expect(parse(verificationJson.summary(summary))).not.toHaveProperty('seed')
  })

  it('gives the bytes of names that are not UTF-8', () => {
    expect(parse(verificationJson.comparison(1, 'end', found))).toMatchObject({
      differences: [
        { problem: 'missing', file_path: '/r/a\nb' },
        {
          problem: 'extra',
          file_path: '/r/\ufffd',
          file_path_bytes: Buffer.from('/r/\xff', 'latin1').toString('base64'),
        },
        { problem: 'kind', file_path: '/r/k' },
      ],
      undecided: 1,
      unreadable: 2,
    })
  })

  it('lists a thousand and says how many there are', () => {
    const { differences, differences_total: total } = parse(verificationJson.comparison(1, 'end', many)) as {
      differences: unknown[]
      differences_total: number
    }
    expect([differences.length, total]).toEqual([1000, 1200])
  })
})
