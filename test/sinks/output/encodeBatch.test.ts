import { describe, expect, it } from '@jest/globals'
import { encodeBatch } from '../../../src/sinks/output/encodeBatch.js'
import type { Encode } from '../../../src/sinks/output/recordSink.js'
import { fileEvent } from '../../../src/testing/index.js'

const events = (count: number, path = (i: number) => `/srv/${i}`) =>
  Array.from({ length: count }, (_, i) => fileEvent({ seq: i + 1, filePath: path(i) }))
const encode: Encode = (batch) => batch.map(({ seq, filePath }) => `${seq} ${filePath}\n`).join('')

describe('encodeBatch', () => {
  it.each([0, 1, 63, 64, 65, 1000])('gives the bytes of %d events, each once and in order', (count) => {
    const batch = events(count)
    expect(encodeBatch(batch, encode, '').bytes.toString()).toBe(encode(batch))
    expect(encodeBatch(batch, encode, 'head\n').bytes.toString()).toBe('head\n' + encode(batch))
  })

  it('has room for texts that are larger than usual, in characters of three and four bytes', () => {
    const batch = events(100, (i) => (i % 2 === 0 ? '€' : '😀').repeat(i * 40))
    const header = '€'.repeat(20_000)
    expect(encodeBatch(batch, encode, header).bytes.toString()).toBe(header + encode(batch))
  })

  it('puts the bytes in the room of an earlier batch, or in a larger one', () => {
    const large = encodeBatch(events(1000), encode, '')
    const small = encodeBatch(events(10), encode, 'head\n', large.room)
    expect(small.room).toBe(large.room)
    expect(small.bytes.toString()).toBe('head\n' + encode(events(10)))
    const larger = encodeBatch(events(100_000), encode, '', large.room)
    expect(larger.room.length).toBeGreaterThan(large.room.length)
    expect(larger.bytes.toString()).toBe(encode(events(100_000)))
  })
})
