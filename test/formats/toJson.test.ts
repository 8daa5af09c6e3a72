import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FileEvent, toWire } from '../../src/events/index.js'
import { toJson } from '../../src/formats/index.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

describe('toJson', () => {
  it('is JSON.stringify(toWire(event)), for every event', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => expect(toJson(event)).toBe(JSON.stringify(toWire(event)))),
      { numRuns: 500 },
    )
  })

  it('is so for every UTF-16 code unit, also one that is no character', () => {
    for (let first = 0; first < 0x10000; first += 64) {
      for (const filePath of [0, 1].map((step) => {
        const units = Array.from({ length: 64 }, (_, index) => first + index)
        return String.fromCharCode(...(step === 0 ? units : units.reverse()))
      })) {
        const event = new FileEvent({
          timestampMicros: 0,
          seq: 1,
          eventType: 'CREATE',
          filePath,
          source: 'x',
        })
        expect(toJson(event)).toBe(JSON.stringify(toWire(event)))
      }
    }
  })
})
