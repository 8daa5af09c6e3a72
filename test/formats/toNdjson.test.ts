import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fromWire, toWire } from '../../src/events/index.js'
import { toNdjson } from '../../src/formats/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

describe('toNdjson', () => {
  it('is the wire form on one line', () => {
    expect(toNdjson(fileEvent('CREATE /tree/name'))).toBe(
      '{"timestamp":"2024-01-01T00:00:00.000000Z","timestamp_unix":1704067200,"seq":1,"event_type":"CREATE"' +
        ',"file_path":"/tree/name","is_directory":false,"source":"test"}\n',
    )
  })

  it('is exactly JSON.stringify(toWire(event)) and a newline', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) =>
        expect(toNdjson(event)).toBe(JSON.stringify(toWire(event)) + '\n'),
      ),
    )
  })

  it('is one line whatever the names are, and the same event comes back', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        const [line, rest, ...more] = toNdjson(event).split('\n')
        expect([rest, more]).toEqual(['', []])
        expect(fromWire(JSON.parse(line!))).toEqual(event)
      }),
    )
  })
})
