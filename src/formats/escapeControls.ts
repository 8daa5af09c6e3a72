const named: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

// Backslash, C0, DEL, C1, what changes the direction of text (U+061C, U+200E, U+200F, U+202A..E, U+2066..9),
// line and paragraph separators, and halves of surrogate pairs that stand alone.
const unsafe =
  // eslint-disable-next-line no-control-regex
  /[\\\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu

function escapeOne(character: string): string {
  const code = character.codePointAt(0)!
  return named[character] ?? (code < 0x80 ? byteEscape(code) : `\\u{${code.toString(16).toUpperCase()}}`)
}

function byteEscape(byte: number): string {
  return '\\x' + byte.toString(16).toUpperCase().padStart(2, '0')
}

/**
 * Text that can be printed on a terminal: nothing in it moves the cursor, changes a colour, breaks the line or
 * turns the direction of writing. Control characters become `\n`, `\r`, `\t`, `\x1B` or `\u{202E}`; a backslash
 * becomes `\\`, so that the original can be told from the result.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafe, escapeOne)
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function sequenceLength(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
}

/**
 * A path as text for a terminal. When it is not valid UTF-8, `bytes` holds it raw, and each byte that belongs
 * to no character becomes `\xNN`: two different names never look the same.
 */
export function escapePath(path: string, bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return escapeControls(path)
  let result = ''
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at]!)
    try {
      result += escapeControls(decoder.decode(bytes.subarray(at, at + length)))
      at += length
    } catch {
      result += byteEscape(bytes[at]!)
      at += 1
    }
  }
  return result
}
