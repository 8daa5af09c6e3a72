import { describe, expect, it } from '@jest/globals'
import { ChangeTimes } from '../../src/watching/ChangeTimes.js'

const NOW = 1_790_000_000_123_456

describe('ChangeTimes', () => {
  it('knows nothing of a file that was not noted, or was taken out', () => {
    const times = new ChangeTimes()
    expect(times.isNew('f', NOW)).toBeUndefined()
    times.note('f', NOW)
    times.delete('f')
    expect(times.isNew('f', NOW)).toBeUndefined()
  })

  it.each([0, 1, NOW, 2 ** 52])('tells %d from times that are near, earlier ones too', (at) => {
    const times = new ChangeTimes()
    times.note('f', at)
    expect(times.isNew('f', at)).toBe(false)
    for (let bit = 0; bit < 50; bit++) {
      expect([bit, times.isNew('f', at + 2 ** bit)]).toEqual([bit, true])
      if (at >= 2 ** bit) expect([bit, times.isNew('f', at - 2 ** bit)]).toEqual([bit, true])
    }
  })

  it('goes by the last time that was noted, each name for itself', () => {
    const times = new ChangeTimes()
    times.note('f', NOW)
    times.note('g', NOW + 1)
    times.note('f', NOW + 2)
    expect([times.isNew('f', NOW), times.isNew('f', NOW + 2), times.isNew('g', NOW + 1)]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('takes over what another one knows of a file, and keeps its own where that knows nothing', () => {
    const [times, other] = [new ChangeTimes(), new ChangeTimes()]
    times.note('f', NOW)
    times.note('g', NOW)
    other.note('f', NOW + 1)
    for (const name of ['f', 'g', 'h']) times.copy(name, other)
    expect([times.isNew('f', NOW + 1), times.isNew('g', NOW), times.isNew('h', NOW)]).toEqual([
      false,
      false,
      undefined,
    ])
    times.copy('g', undefined)
    expect(times.isNew('g', NOW)).toBe(false)
  })
})
