import { describe, expect, it } from '@jest/globals'
import { parseDuration } from '../../src/formats/parseDuration.js'

describe('parseDuration', () => {
  it.each([
    ['45s', 45_000],
    ['90m', 5_400_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('%s', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds))

  it.each(['', '1', 'h', '1 h', '-1h', '1w', '1h30m', '1e3s', 7, undefined])('%j is none', (text) =>
    expect(parseDuration(text)).toBeNaN(),
  )
})
