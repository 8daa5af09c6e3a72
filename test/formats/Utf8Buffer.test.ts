import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Utf8Buffer } from '../../src/formats/Utf8Buffer.js'
import { anyCharacter } from '../helpers/anyCharacter.js'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

describe('Utf8Buffer', () => {
  it('holds what was appended, in order, whatever it has room for', () => {
    const part = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 300 }),
      fc.tuple(fc.string(), fc.string({ unit: anyCharacter }), fc.string()),
    )
    fc.assert(
      fc.property(fc.nat(100), fc.array(part), (capacity, parts) => {
        const buffer = new Utf8Buffer(capacity)
        for (const part of parts) {
          if (typeof part === 'string') buffer.text(part)
          else buffer.append(bytes(part[0]), bytes(part[1]), bytes(part[2]))
        }
        const text = parts.flat().join('')
        expect(buffer.bytes.toString()).toBe(text)
        expect(buffer.length).toBe(Buffer.byteLength(text))
      }),
    )
  })

  it('uses its memory again', () => {
    const buffer = new Utf8Buffer(10)
    buffer.text('€'.repeat(100))
    const { capacity } = buffer
    expect(capacity).toBeGreaterThanOrEqual(300)
    const { buffer: memory } = buffer.bytes
    buffer.clear()
    expect(buffer.length).toBe(0)
    buffer.text('again')
    expect(buffer.bytes.toString()).toBe('again')
    expect(buffer.bytes.buffer).toBe(memory)
    expect(buffer.capacity).toBe(capacity)
  })
})
