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
    expect(encodeBatch(batch, encode, '').toString()).toBe(encode(batch))
    expect(encodeBatch(batch, encode, 'head\n').toString()).toBe('head\n' + encode(batch))
  })

  it('has room for texts that are larger than usual, in characters of three and four bytes', () => {
    const batch = events(100, (i) => (i % 2 === 0 ? '€' : '😀').repeat(i * 40))
    expect(encodeBatch(batch, encode, '€'.repeat(20_000)).toString()).toBe('€'.repeat(20_000) + encode(batch))
  })
})
