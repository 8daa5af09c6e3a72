import type { FileEvent } from '../../events/index.js'

/** The token of events about the stream, which have no path. No encoded name is like it. */
export const CONTROL_TOKEN = '%control'
/** The last token of a subject that would be too long: the directories before it are whole. */
export const CUT_TOKEN = '%more'

/** Bytes of a subject: with what stands around it, it fits the 4096 bytes that a server takes as a line. */
const LONGEST = 2048

/**
 * The subject of an event: the prefix, the host, then a token for each part of the path, so that whoever subscribes to
 * `prefix.host.srv.www.>` gets what is below `/srv/www` on that host.
 */
export function subjectOf(prefix: string, host: string, event: FileEvent): string {
  const start = `${prefix}.${encodeToken(Buffer.from(host))}`
  if (event.isControl) return `${start}.${CONTROL_TOKEN}`
  const { filePath, filePathBytes } = event
  const path = filePathBytes === undefined ? Buffer.from(filePath) : Buffer.from(filePathBytes)
  return start + pathTokens(path, LONGEST - start.length)
}

function pathTokens(path: Buffer, most: number): string {
  const room = most - CUT_TOKEN.length - 1
  let tokens = ''
  // The bytes as characters: a slash is a slash in each encoding that Linux knows.
  for (const name of path.toString('latin1').split('/')) {
    if (name === '') continue
    const token = `.${encodeToken(Buffer.from(name, 'latin1'))}`
    if (tokens.length + token.length > room) return `${tokens}.${CUT_TOKEN}`
    tokens += token
  }
  return tokens
}

/**
 * A name as one token: printable ASCII is kept, but for the characters that NATS gives a meaning and the escape sign;
 * every other byte is `%` and two digits.
 */
export function encodeToken(name: Uint8Array): string {
  let token = ''
  for (const byte of name) {
    token += isPlain(byte)
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return token
}

const special: ReadonlySet<number> = new Set(Buffer.from('.*>%'))

function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && !special.has(byte)
}

/** True for a subject without wildcards; with `wildcards`, also for one that has them as NATS wants them. */
export function isSubject(value: unknown, wildcards = false): value is string {
  if (typeof value !== 'string' || value.length > LONGEST / 2) return false
  const tokens = value.split('.')
  return tokens.every((token, index) => {
    if (wildcards && (token === '*' || (token === '>' && index === tokens.length - 1))) return true
    return /^[^\s.*>\p{Cc}]+$/u.test(token)
  })
}

/** True when every subject that `narrow` matches is one that `wide` matches. */
export function covers(wide: string, narrow: string): boolean {
  const some = wide.split('.')
  const all = narrow.split('.')
  for (const [index, token] of some.entries()) {
    if (token === '>') return all.length > index
    const other = all[index]
    if (other === undefined || other === '>') return false
    if (token !== '*' && token !== other) return false
  }
  return some.length === all.length
}
