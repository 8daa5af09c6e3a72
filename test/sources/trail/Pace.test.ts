import { describe, expect, it } from '@jest/globals'
import { Pace } from '../../../src/sources/trail/Pace.js'

describe('Pace', () => {
  it('has each event due at its distance from the first one, divided by the speed', () => {
    const pace = new Pace(10)
    expect(pace.delay(5_000_000)).toBeLessThanOrEqual(0)
    const minute = pace.delay(65_000_000)
    expect(minute).toBeLessThanOrEqual(6_000)
    // It is due ten times sooner than it was, less the time that this test takes.
    expect(pace.delay(5_000_000 + 3_600_000_000)).toBeGreaterThan(300_000)
  })

  it('has everything due at once at any speed', () => {
    const pace = new Pace(Infinity)
    pace.delay(0)
    expect(pace.delay(3_600_000_000)).toBe(0)
  })

  it('does not wait for an event whose time lies before', async () => {
    const pace = new Pace(1)
    pace.delay(60_000_000)
    await pace.until(0, new AbortController().signal)
    expect(pace.delay(0)).toBeLessThan(0)
  })

  it('stops waiting when the signal is aborted', async () => {
    const pace = new Pace(1)
    pace.delay(0)
    const controller = new AbortController()
    const waiting = pace.until(3_600_000_000, controller.signal)
    controller.abort()
    await expect(waiting).rejects.toThrow('aborted')
  })
})
