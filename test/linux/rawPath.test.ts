import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { detached, inexactBytes, rawFromText, textFromRaw } from '../../src/linux/rawPath.js'
import { anyCharacter } from '../helpers/anyCharacter.js'

const raw = (...bytes: number[]) => Buffer.from(bytes).toString('latin1')

describe('raw paths', () => {
  it('are one character a byte', () => {
    expect(rawFromText('/a/b')).toBe('/a/b')
    expect(rawFromText('é')).toBe('\xc3\xa9')
    expect(textFromRaw('\xc3\xa9')).toBe('é')
    expect(textFromRaw(rawFromText('\u{1F4C4}\n\x7f'))).toBe('\u{1F4C4}\n\x7f')
  })

  it('come back as the text that they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        expect(textFromRaw(rawFromText(text))).toBe(text)
        expect(rawFromText(text)).toMatch(/^[\0-\xff]*$/)
      }),
      { seed: 1 },
    )
  })

  it('show U+FFFD for bytes that are not UTF-8, and then the bytes are kept', () => {
    const name = raw(0x61, 0xff)
    const text = textFromRaw(name)
    expect(text).toBe('a\ufffd')
    expect(inexactBytes(name, text)).toEqual(Uint8Array.of(0x61, 0xff))
  })

  it('keep no bytes when the text tells them exactly, also when the name has U+FFFD itself', () => {
    for (const text of ['plain', 'é', 'a\ufffdb', '']) {
      const name = rawFromText(text)
      expect(inexactBytes(name, textFromRaw(name))).toBeUndefined()
    }
  })

  it('are told exactly, by text or by bytes, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const name = Buffer.from(bytes).toString('latin1')
        const text = textFromRaw(name)
        const kept = inexactBytes(name, text) ?? Buffer.from(text, 'utf8')
        expect(Buffer.from(kept).equals(bytes)).toBe(true)
      }),
      { seed: 2, numRuns: 500 },
    )
  })

  it('are the same after being detached', () => {
    const name = raw(...Array.from({ length: 255 }, (_, i) => i + 1))
    expect(detached(name)).toBe(name)
    expect(detached('')).toBe('')
  })
})
