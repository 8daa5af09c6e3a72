import { expect, it } from '@jest/globals'
import { unboxed } from '../../src/linux/unboxed.js'

it('is the same number', () => {
  for (const number of [0, 1, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -(2 ** 31), 0.5, 1e300]) {
    expect(unboxed(number)).toBe(number)
  }
})
