import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FileEvent, toWire, type FileEventFields } from '../../src/events/index.js'
import { toJson, toNdjson } from '../../src/formats/index.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

describe('toJson', () => {
  it('is JSON.stringify(toWire(event)), for every event', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => expect(toJson(event)).toBe(JSON.stringify(toWire(event)))),
      { numRuns: 500 },
    )
  })

  it('is so for events in a row that have all or much in common', () => {
    const fields = { timestampMicros: 1, seq: 1, eventType: 'OPEN', filePath: '/a', source: 'x' } as const
    const rows: FileEventFields[] = [
      fields,
      { ...fields, seq: 2, eventType: 'MODIFY' },
      { ...fields, isDirectory: true },
      { ...fields, isDirectory: true, source: 'y' },
      { ...fields, filePath: '/b' },
      { ...fields, filePath: '/b', cookie: 7 },
      { ...fields, filePath: '/b', timestampMicros: 2 },
      fields,
    ]
    for (const row of rows) {
      const event = new FileEvent(row)
      const wire = JSON.stringify(toWire(event))
      expect([toJson(event), toNdjson(event), toJson(event)]).toEqual([wire, wire + '\n', wire])
    }
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
