import { describe, expect, it } from '@jest/globals'
import { backOff, retryAfter } from '../../../src/sinks/http/backOff.js'

describe('backOff', () => {
  it('doubles from attempt to attempt up to a bound, and is never less than half of it', () => {
    const most = [0, 1, 2, 5, 6, 7, 1000].map((attempt) => backOff(attempt, 0, () => 1))
    expect(most).toEqual([500, 1000, 2000, 16_000, 30_000, 30_000, 30_000])
    expect([0, 7].map((attempt) => backOff(attempt, 0, () => 0))).toEqual([250, 15_000])
  })

  it('is at least what the answer asks for, within an hour', () => {
    expect(backOff(0, 7000, () => 0)).toBe(7000)
    expect(backOff(0, 1e9, () => 0)).toBe(3_600_000)
    expect(backOff(0, 1, () => 1)).toBe(500)
  })
})

describe('retryAfter', () => {
  it.each<[string | null, number]>([
    [null, 0],
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Thu, 01 Jan 2025 00:00:00 GMT', 0],
    ['soon', 0],
  ])('%j', (header, milliseconds) => {
    expect(retryAfter(header, Date.parse('2026-01-01T00:00:00Z'))).toBe(milliseconds)
  })
})
