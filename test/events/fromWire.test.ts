import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FileEvent, fromWire, parseTimestamp, toWire } from '../../src/events/index.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

const wire = {
  timestamp: '2026-01-01T00:00:00.123456Z',
  timestamp_unix: 1_767_225_600,
  seq: 3,
  event_type: 'CREATE',
  file_path: '/tree/name',
  is_directory: true,
  source: 'inotify',
}

describe('fromWire', () => {
  it('is the opposite of toWire, also through JSON text', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        expect(fromWire(toWire(event))).toEqual(event)
        expect(fromWire(JSON.parse(JSON.stringify(event)))).toEqual(event)
      }),
    )
  })

  it('tells absent from null', () => {
    const event = fromWire({ ...wire, process_details: null })
    expect(event.processDetails).toBeNull()
    expect(event.fileMetadata).toBeUndefined()
  })

  it('makes events', () => {
    const event = fromWire(wire)
    expect(event).toBeInstanceOf(FileEvent)
    expect(event).toMatchObject({ timestampMicros: 1_767_225_600_123_456, seq: 3, isDirectory: true })
  })

  it('does not mind fields that it does not know', () => {
    expect(fromWire({ ...wire, added_later: 1 })).toEqual(fromWire(wire))
  })

  it.each([
    ['timestamp', undefined, /timestamp must be a string, got undefined/],
    ['timestamp', '2026-01-01', /timestamp is not an RFC 3339 time/],
    ['seq', '3', /seq must be a number, got string/],
    ['event_type', 'CREATED', /event_type is not a known type: CREATED/],
    ['file_path', null, /file_path must be a string, got object/],
    ['is_directory', 1, /is_directory must be a boolean, got number/],
    ['source', undefined, /source must be a string/],
  ])('refuses %s = %p', (field, value, message) => {
    expect(() => fromWire({ ...wire, [field]: value })).toThrow(message)
    expect(() => fromWire({ ...wire, [field]: value })).toThrow(TypeError)
  })

  it.each([null, undefined, 'text', 1])('refuses %p', (input) => {
    expect(() => fromWire(input)).toThrow('an event must be an object')
  })
})

describe('parseTimestamp', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:00:00.5Z', 500_000],
    ['1970-01-01T00:00:00.000001999Z', 1],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1969-12-31T23:59:59.999999Z', -1],
  ])('%s', (text, micros) => {
    expect(parseTimestamp(text)).toBe(micros)
  })

  it.each(['', '1970-01-01', '1970-01-01 00:00:00Z', '1970-01-01T00:00:00', '1970-13-01T00:00:00Z', 'x'])(
    '%p is no time',
    (text) => {
      expect(parseTimestamp(text)).toBeNaN()
    },
  )
})
