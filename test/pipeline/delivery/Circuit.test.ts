import { describe, expect, it } from '@jest/globals'
import { SinkWriteError } from '../../../src/contracts/index.js'
import { backOff } from '../../../src/pipeline/delivery/backOff.js'
import { Circuit } from '../../../src/pipeline/delivery/Circuit.js'

const settings = { first: 500, longest: 30_000, openAfter: 3, giveUpAfter: Infinity }
const failure = (more: { readonly final?: boolean; readonly retryAfter?: number } = {}) =>
  new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message: 'no', lost: 1, ...more })

describe('backOff', () => {
  it('doubles its bound up to the longest, and takes a random half of it', () => {
    const bounds = [0, 1, 2, 3, 20, 2000].map((attempt) => backOff(settings, attempt, 0, () => 1))
    expect(bounds).toEqual([500, 1000, 2000, 4000, 30_000, 30_000])
    expect(backOff(settings, 0, 0, () => 0)).toBe(250)
  })

  it('waits as long as it is asked to, up to an hour', () => {
    expect(backOff(settings, 0, 7000)).toBe(7000)
    expect(backOff(settings, 0, 1e12)).toBe(3_600_000)
    expect(backOff(settings, 20, 1, () => 1)).toBe(30_000)
  })
})

describe('Circuit', () => {
  it('opens after so many failures in a row, is tried, and closes with the first success', () => {
    const circuit = new Circuit(settings)
    const states = [1, 2, 3].map(() => {
      circuit.attempt()
      expect(circuit.failed(failure())).toBeGreaterThan(0)
      return circuit.state
    })
    expect(states).toEqual(['closed', 'closed', 'open'])
    circuit.attempt()
    expect(circuit.state).toBe('half-open')
    circuit.failed(failure())
    expect(circuit.state).toBe('open')
    circuit.attempt()
    circuit.succeeded()
    expect(circuit.state).toBe('closed')
    expect(circuit.retries).toBe(4)
    circuit.attempt()
    expect(circuit.retries).toBe(4)
    circuit.failed(failure())
    expect(circuit.state).toBe('closed')
  })

  it('does not try again without settings, what is final, nor after the time is over', () => {
    expect(new Circuit(undefined).failed(failure())).toBeUndefined()
    expect(new Circuit(settings).failed(failure({ final: true }))).toBeUndefined()
    const circuit = new Circuit({ ...settings, giveUpAfter: 10_000 })
    expect(circuit.failed(failure(), 0)).toBeDefined()
    expect(circuit.failed(failure(), 5000)).toBeDefined()
    expect(circuit.failed(failure(), 9999)).toBeUndefined()
  })

  it('waits as long as the error asks for, and takes an error of any kind', () => {
    expect(new Circuit(settings).failed(failure({ retryAfter: 12_000 }))).toBe(12_000)
    expect(new Circuit(settings).failed('a text')).toBeLessThanOrEqual(500)
  })
})
