import { describe, expect, it } from '@jest/globals'
import { retryAfter } from '../../../src/sinks/http/retryAfter.js'

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
