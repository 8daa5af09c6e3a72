import { describe, expect, it } from '@jest/globals'
import type { LookCycles } from '../../../src/contracts/index.js'
import { CombinedLooks } from '../../../src/sources/support/CombinedLooks.js'

const cycles = (needed: boolean, begun: number, ended: number): LookCycles => ({ needed, begun, ended })

describe('CombinedLooks', () => {
  it('ends a cycle when each source has ended one that began in it', () => {
    const looks = new CombinedLooks()
    const update = (fast: LookCycles, slow: LookCycles) =>
      looks.update(
        new Map([
          ['fast', fast],
          ['slow', slow],
        ]),
      )
    expect(update(cycles(true, 90, 89), cycles(true, 2, 1))).toEqual(cycles(true, 1, 0))
    expect(update(cycles(true, 95, 94), cycles(true, 2, 1))).toEqual(cycles(true, 1, 0))
    // That one of the slow source had begun before.
    expect(update(cycles(true, 96, 95), cycles(true, 3, 2))).toEqual(cycles(true, 1, 0))
    expect(update(cycles(true, 97, 96), cycles(true, 4, 3))).toEqual(cycles(true, 2, 1))
    expect(update(cycles(true, 97, 96), cycles(true, 4, 3))).toEqual(cycles(true, 2, 1))
    expect(update(cycles(true, 98, 98), cycles(true, 5, 5))).toEqual(cycles(true, 3, 2))
  })

  it('waits for no source that has nothing to look at, or is new', () => {
    const looks = new CombinedLooks()
    const none = cycles(false, 7, 6)
    expect(looks.update(new Map([['a', none]]))).toEqual(cycles(false, 1, 0))
    looks.update(
      new Map([
        ['a', none],
        ['b', cycles(true, 3, 2)],
      ]),
    )
    const later = new Map([
      ['a', none],
      ['b', cycles(true, 4, 4)],
      ['c', cycles(true, 1, 0)],
    ])
    expect(looks.update(later)).toEqual(cycles(true, 3, 2))
  })
})
