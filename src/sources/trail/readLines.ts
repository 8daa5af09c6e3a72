import { createReadStream } from 'node:fs'

/** One line of a file: its text, or why it has none. */
export interface TextLine {
  /** From 1. */
  readonly number: number
  readonly text?: string
  readonly problem?: string
}

export interface ReadLinesOptions {
  /** Bytes of a line above which it is left out, so that a file without lines does not fill the memory. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

const NEWLINE = 0x0a
const MAX_BYTES = 64 * 1024 * 1024

/**
 * The lines of a file that are not empty, a list for each piece that is read. A last line without its newline is a
 * line. Rejects as the read does.
 */
export async function* readLines(
  path: string,
  { maxBytes = MAX_BYTES, signal }: ReadLinesOptions = {},
): AsyncGenerator<readonly TextLine[], void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let parts: Buffer[] = []
  let length = 0
  let number = 0

  const lineOf = (): TextLine | undefined => {
    const bytes = Buffer.concat(parts, Math.min(length, maxBytes))
    const isTooLong = length > maxBytes
    parts = []
    length = 0
    number += 1
    if (isTooLong) return { number, problem: `it has more than ${maxBytes} bytes` }
    try {
      const text = decoder.decode(bytes)
      return text.trim() === '' ? undefined : { number, text }
    } catch {
      return { number, problem: 'it is not UTF-8' }
    }
  }
  const keep = (part: Buffer): void => {
    // Of a line that is too long nothing more is kept, but its end is looked for.
    if (length <= maxBytes) parts.push(part)
    length += part.length
  }

  const stream = createReadStream(path, { highWaterMark: 256 * 1024, ...(signal && { signal }) })
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines: TextLine[] = []
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end))
      const line = lineOf()
      if (line !== undefined) lines.push(line)
      from = end + 1
    }
    if (from < chunk.length) keep(chunk.subarray(from))
    if (lines.length > 0) yield lines
  }
  const last = length === 0 ? undefined : lineOf()
  if (last !== undefined) yield [last]
}
