import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { nowMicros } from '../../src/linux/clock.js'

const TOLERANCE_MICROS = 5_000

afterEach(() => {
  jest.restoreAllMocks()
})

describe('nowMicros', () => {
  it('is the wall clock in whole microseconds', () => {
    for (let i = 0; i < 100; i++) {
      const before = Date.now() * 1000
      const now = nowMicros()
      expect(Number.isSafeInteger(now)).toBe(true)
      expect(now).toBeGreaterThanOrEqual(before - TOLERANCE_MICROS)
      expect(now).toBeLessThanOrEqual(Date.now() * 1000 + TOLERANCE_MICROS)
    }
  })

  it('is finer than a millisecond', () => {
    const seen = new Set<number>()
    const end = Date.now() + 20
    while (Date.now() < end) seen.add(nowMicros())
    expect(seen.size).toBeGreaterThan(30)
    expect([...seen].some((micros) => micros % 1000 !== 0)).toBe(true)
  })

  it('follows the wall clock when it is set, forwards and back', () => {
    const real = Date.now()
    for (const step of [3_600_000, -3_600_000]) {
      jest.spyOn(Date, 'now').mockReturnValue(real + step)
      expect(Math.abs(nowMicros() - (real + step) * 1000)).toBeLessThanOrEqual(TOLERANCE_MICROS)
    }
  })
})
