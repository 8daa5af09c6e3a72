import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { escapeControls, escapePath } from '../../src/formats/index.js'

describe('escapeControls', () => {
  it.each([
    ['plain text', 'plain text'],
    ['na\u00efve \u65e5\u672c \u{1F4C4}', 'na\u00efve \u65e5\u672c \u{1F4C4}'],
    ['a\nb\rc\td', 'a\\nb\\rc\\td'],
    ['\u0000\u0007\u001b[31m\u007f', '\\x00\\x07\\x1B[31m\\x7F'],
    ['\u0085\u009b31m', '\\u{85}\\u{9B}31m'],
    ['\u202Egpj.exe', '\\u{202E}gpj.exe'],
    ['\u200e\u200f\u061c\u2066\u2069', '\\u{200E}\\u{200F}\\u{61C}\\u{2066}\\u{2069}'],
    ['\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['\\n', '\\\\n'],
    ['\ud800x\udc00', '\\u{D800}x\\u{DC00}'],
    ['', ''],
  ])('%j', (text, escaped) => {
    expect(escapeControls(text)).toBe(escaped)
  })

  it('leaves nothing that a terminal would obey, and the original can be told from the result', () => {
    const unescape = (text: string): string =>
      text.replace(
        /\\(?:(n)|(r)|(t)|(\\)|x([0-9A-F]{2})|u\{([0-9A-F]+)\})/g,
        (_, n, r, t, backslash, byte, code) => {
          if (n !== undefined) return '\n'
          if (r !== undefined) return '\r'
          if (t !== undefined) return '\t'
          return backslash !== undefined ? '\\' : String.fromCodePoint(parseInt((byte ?? code) as string, 16))
        },
      )
    const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) })
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: 'binary-ascii' })), (text) => {
        const escaped = escapeControls(text)
        expect(escaped).not.toMatch(/\p{Control}|\p{Bidi_Control}|\p{Surrogate}/u)
        expect(unescape(escaped)).toBe(text)
      }),
    )
  })
})

describe('escapePath', () => {
  const shown = (...bytes: number[]): string => escapePath('\ufffd', Uint8Array.from(bytes))

  it('is escapeControls for a path that is valid UTF-8', () => {
    expect(escapePath('/a\nb', undefined)).toBe('/a\\nb')
  })

  it.each([
    ['a byte that begins nothing', [0x61, 0xff, 0x62], 'a\\xFFb'],
    ['a sequence cut short by the end', [0xc3], '\\xC3'],
    ['a sequence cut short by a letter', [0xe2, 0x82, 0x61], '\\xE2\\x82a'],
    ['a lone continuation byte', [0x80, 0x61], '\\x80a'],
    ['an overlong slash', [0xc0, 0xaf], '\\xC0\\xAF'],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80], '\\xED\\xA0\\x80'],
    ['valid characters beside it', [0xc3, 0xa9, 0xff, 0xf0, 0x9f, 0x93, 0x84], '\u00e9\\xFF\u{1F4C4}'],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0xff], '\ufeff\\xFF'],
    ['control characters', [0xff, 0x0a, 0x1b, 0x5c], '\\xFF\\n\\x1B\\\\'],
    ['C1 controls in UTF-8 and raw', [0xc2, 0x9b, 0x9b], '\\u{9B}\\x9B'],
  ])('%s', (_, bytes, text) => {
    expect(shown(...bytes)).toBe(text)
  })

  it('shows different names differently', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        fc.pre(!Buffer.from(one).equals(Buffer.from(other)))
        expect(escapePath('', one)).not.toBe(escapePath('', other))
      }),
    )
  })
})
