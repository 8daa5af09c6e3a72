import { describe, expect, it } from '@jest/globals'
import { Deadline } from '../../src/pipeline/Deadline.js'

describe('Deadline', () => {
  it('passes, and can be brought forward but not put off', async () => {
    const deadline = new Deadline()
    expect(deadline.within(1_000_000)).toBe(true)
    expect(deadline.within(2_000_000)).toBe(false)
    expect(deadline.within(1)).toBe(true)
    await deadline.passed
  })

  it('cleared, it does not hold the process', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const deadline = new Deadline()
    deadline.within(1_000_000)
    deadline.clear()
    const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    expect(after).toBe(before)
  })
})
