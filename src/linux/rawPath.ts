// Paths are bytes. Inside fsflow they are latin1 strings, one character a byte: lossless, and cheap as map keys.

const ascii = /^[\0-\x7f]*$/

/** The raw form of a path or name that came as text. */
export function rawFromText(text: string): string {
  return ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of a raw path or name; bytes that are not UTF-8 become U+FFFD. */
export function textFromRaw(raw: string): string {
  return ascii.test(raw) ? raw : Buffer.from(raw, 'latin1').toString('utf8')
}

/** The bytes of a raw path when its text does not tell them exactly, else `undefined`. */
export function inexactBytes(raw: string, text: string): Uint8Array | undefined {
  if (raw === text || !text.includes('\ufffd')) return undefined
  const bytes = Buffer.from(raw, 'latin1')
  return Buffer.from(text, 'utf8').equals(bytes) ? undefined : new Uint8Array(bytes)
}

// A shorter slice is a copy in V8.
const MIN_SLICE = 13

/** A copy that does not keep alive the larger string it may be a slice of. */
export function detached(raw: string): string {
  if (raw.length < MIN_SLICE) return raw
  return Buffer.from(raw, 'latin1').toString('latin1')
}
