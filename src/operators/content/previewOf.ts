import type { ContentPreview } from '../../events/index.js'
import { textDiff } from '../../formats/textDiff.js'

/** One side of a change: bytes, or why there are none. */
export type Side = { readonly bytes: Uint8Array } | { readonly missing: string }

export interface PreviewOptions {
  /** Bytes of each side that are shown. */
  readonly maxBytes: number
  readonly diff: boolean
}

// What a file that was made just now held before.
const empty: Side = { bytes: new Uint8Array() }

/** What is shown of a change. `isNew`: there was no file before. */
export function previewOf(
  path: string,
  before: Side,
  after: Side,
  isNew: boolean,
  options: PreviewOptions,
): ContentPreview {
  const old = shown(before, options.maxBytes)
  const current = shown(after, options.maxBytes)
  const change = difference(path, isNew ? empty : before, after, isNew)
  return {
    before: old.text,
    after: current.text,
    diffSummary: change.summary,
    truncated: old.isCut || current.isCut,
    binary: old.isBinary || current.isBinary,
    ...(options.diff && { diff: change.unified }),
    ...(old.missing !== undefined && { beforeMissing: old.missing }),
    ...(current.missing !== undefined && { afterMissing: current.missing }),
  }
}

interface Shown {
  readonly text: string | null
  readonly missing: string | undefined
  readonly isCut: boolean
  readonly isBinary: boolean
}

function shown(side: Side, maxBytes: number): Shown {
  if ('missing' in side) return { text: null, missing: side.missing, isCut: false, isBinary: false }
  const { bytes } = side
  const isCut = bytes.length > maxBytes
  const text = textOf(isCut ? bytes.subarray(0, maxBytes) : bytes, isCut)
  const isText = text !== null && (!isCut || textOf(bytes) !== null)
  if (!isText) return { text: null, missing: 'it is no text', isCut: false, isBinary: true }
  return { text, missing: undefined, isCut, isBinary: false }
}

/** The bytes as text; `null` when they are none: not UTF-8, or with a NUL. */
export function textOf(bytes: Uint8Array, isCut = false): string | null {
  if (bytes.includes(0)) return null
  try {
    // A stream may end in the middle of a character, which is then left out.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
  } catch {
    return null
  }
}

interface Difference {
  readonly summary: string | null
  readonly unified: string | null
}

function difference(path: string, before: Side, after: Side, isNew: boolean): Difference {
  if ('missing' in before || 'missing' in after) return { summary: null, unified: null }
  if (before.bytes === after.bytes)
    return { summary: 'no difference', unified: textOf(after.bytes) === null ? null : '' }
  const sizes = `${before.bytes.length} bytes before, ${after.bytes.length} after`
  const texts = [textOf(before.bytes), textOf(after.bytes)] as const
  if (texts[0] === null || texts[1] === null) {
    return {
      summary: isEqual(before.bytes, after.bytes) ? 'no difference' : `no text: ${sizes}`,
      unified: null,
    }
  }
  if (texts[0] === texts[1]) return { summary: 'no difference', unified: '' }
  const names = [isNew ? '/dev/null' : `a${path}`, `b${path}`] as const
  const diff = textDiff({ name: names[0], text: texts[0] }, { name: names[1], text: texts[1] })
  if (diff === undefined) return { summary: `too different to compare: ${sizes}`, unified: null }
  return { summary: `${lines(diff.added)} added, ${diff.removed} removed`, unified: diff.unified }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

function lines(count: number): string {
  return count === 1 ? '1 line' : `${count} lines`
}
