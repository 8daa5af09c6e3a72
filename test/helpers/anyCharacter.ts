import fc from 'fast-check'

const SURROGATES = 0xd800
const BEHIND_THEM = 0xe000
const LAST = 0x10ffff

/**
 * Any code point that is a character, for `fc.string({ unit: anyCharacter })`. The unit 'binary' is the same, but makes
 * a table of them all in each test file: a second of CPU and 100 MB.
 */
export const anyCharacter = fc.nat({ max: LAST - (BEHIND_THEM - SURROGATES) }).map(
  (index) => String.fromCodePoint(index < SURROGATES ? index : index + (BEHIND_THEM - SURROGATES)),
  (text) => {
    const code = typeof text === 'string' ? (text.codePointAt(0) ?? -1) : -1
    if (code < 0 || text !== String.fromCodePoint(code)) throw new Error('not one character')
    return code < SURROGATES ? code : code - (BEHIND_THEM - SURROGATES)
  },
)
