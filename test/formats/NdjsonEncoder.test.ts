import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FileEvent, type FileEventFields } from '../../src/events/index.js'
import { toNdjson } from '../../src/formats/index.js'
import { NdjsonEncoder } from '../../src/formats/NdjsonEncoder.js'
import { Utf8Buffer } from '../../src/formats/Utf8Buffer.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

function encoded(events: readonly FileEvent[]): string {
  const encoder = new NdjsonEncoder()
  const to = new Utf8Buffer(0)
  for (const event of events) encoder.append(event, to)
  return to.bytes.toString()
}

const expectLines = (events: readonly FileEvent[]): void =>
  expect(encoded(events)).toBe(events.map(toNdjson).join(''))

describe('NdjsonEncoder', () => {
  it('gives the bytes of toNdjson, for every event', () => {
    fc.assert(fc.property(fc.array(arbitraryEvent), expectLines))
  })

  it('does so for events in a row that have all or much in common', () => {
    const few = fc.record<FileEventFields>({
      timestampMicros: fc.constantFrom(1, 1_700_000_000_000_000, 1_700_000_000_000_001),
      seq: fc.oneof(
        fc.nat(12),
        fc.constantFrom(99, 100, 101, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER, -1, 0.5, NaN, 1e21),
      ),
      eventType: fc.constantFrom('CREATE', 'OPEN', 'CLOSE_WRITE'),
      filePath: fc.constantFrom(
        '',
        '/a',
        '/b',
        '/a b/~',
        '/"',
        '/\\',
        '/\n',
        '/\u007f',
        '/é',
        '/\ud800',
        '/x'.repeat(500),
      ),
      source: fc.constantFrom('x', 'y"'),
      isDirectory: fc.boolean(),
      cookie: fc.option(fc.constant(7), { nil: undefined, freq: 5 }),
    })
    const rows = fc.array(
      few.map((fields) => new FileEvent(fields)),
      { maxLength: 50 },
    )
    fc.assert(fc.property(rows, expectLines), { numRuns: 500 })
  })

  it('does so while seq gains digits, and when it begins again', () => {
    const row = (seq: number) =>
      new FileEvent({ timestampMicros: 1, seq, eventType: 'OPEN', filePath: '/a', source: 'x' })
    expectLines([...Array.from({ length: 1200 }, (_, i) => row(i)), row(9), row(10), row(1), row(0), row(0)])
    // The sum of its parts would be no safe integer.
    expectLines([
      row(Number.MAX_SAFE_INTEGER),
      row(Number.MAX_SAFE_INTEGER),
      row(Number.MAX_SAFE_INTEGER - 1),
    ])
  })

  it('tells events of a type that it does not know', () => {
    const event = new FileEvent({
      timestampMicros: 1,
      seq: 1,
      eventType: 'NEW' as 'OPEN',
      filePath: '/a',
      source: 'x',
    })
    expectLines([event])
  })
})
