// The faults of docs/reliability.md, in a smaller measure. All of it: npm run faults
import { describe, expect, jest } from '@jest/globals'
import { itWith } from '../helpers/requires.js'
import { allCases } from './allCases.js'

jest.setTimeout(600_000)

const QUICK = { kills: 3, events: 5000, outage: 1000 }

describe('faults', () => {
  for (const { name, requires, run, mayLose = false, quick = QUICK } of allCases) {
    itWith(requires, name, async () => {
      const result = await run(quick)
      expect(result).toMatchObject({ missing: 0, corrupt: 0, inOrder: true, addsUp: true })
      if (mayLose) expect(result.counted).toBeGreaterThan(0)
      else expect(result.counted).toBe(0)
      expect(result.acknowledged).toBeGreaterThan(500)
      expect(result.arrived).toBeGreaterThanOrEqual(result.acknowledged)
    })
  }
})
