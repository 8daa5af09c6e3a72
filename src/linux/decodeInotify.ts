import type { InotifyRecord } from './InotifyBinding.js'

const HEADER_BYTES = 16
const HEADER_WORDS = 4

/**
 * The records that read(2) on an inotify descriptor gave.
 *
 * The whole buffer becomes one latin1 string and each name a slice of it: three times cheaper than decoding
 * name by name. Who keeps a name for long must detach it (`detached`), or it keeps the buffer's text alive.
 * Mostly several records in a row have one name: they share it, so that to see that it is the same costs nothing.
 */
export function decodeInotify(bytes: Uint8Array): InotifyRecord[] {
  const { buffer, byteOffset, length: byteLength } = bytes
  const words = new Int32Array(buffer, byteOffset, byteLength >> 2)
  const text = Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
  const records: InotifyRecord[] = []
  let offset = 0
  let name = ''
  let nameWord = 0
  let nameWords = 0
  while (offset + HEADER_BYTES <= bytes.length) {
    const word = offset >> 2
    const length = words[word + 3]!
    const start = offset + HEADER_BYTES
    if (length >> 2 !== nameWords || !areEqual(words, word + HEADER_WORDS, nameWord, nameWords)) {
      let end = start + length
      // The name is padded with NULs, up to 16 of them: shorter to find its end from behind.
      while (end > start && bytes[end - 1] === 0) end--
      name = end > start ? text.slice(start, end) : ''
      nameWord = word + HEADER_WORDS
      nameWords = length >> 2
    }
    records.push({ wd: words[word]!, mask: words[word + 1]!, cookie: words[word + 2]! >>> 0, name })
    offset = start + length
  }
  return records
}

function areEqual(words: Int32Array, a: number, b: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (words[a + i] !== words[b + i]) return false
  return true
}
