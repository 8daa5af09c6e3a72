import { invalidOption } from '../../errors/index.js'
import { toCsv, toText } from '../../formats/index.js'
import { recordFormats, recordNames, type RecordFormat } from '../../formats/recordFormat.js'
import { inspectCsv } from './csvFile.js'
import type { Destination } from './destination.js'
import { asText, type Encode } from './Encode.js'
import { linesFor } from './recordOptions.js'

/** The forms in which events can be appended to a file. */
export type FileFormat = RecordFormat | 'csv' | 'text'

export interface FileFormatParts {
  /** What is written, for `fsflow check`. */
  readonly words: string
  /** Stands first in each file. */
  readonly header: string
  readonly encoder: () => Encode
  /** Rejects when nothing can be appended to what a file of `size` bytes holds. */
  readonly inspect: (fd: number, size: number) => Promise<void>
}

const anything = (): Promise<void> => Promise.resolve()

/** Throws FSFLOW_INVALID_OPTION for a format that there is not. */
export function fileFormat(destination: Destination, format: unknown = 'json'): FileFormatParts {
  if (format === 'text') {
    const encode = asText((batch) => batch.map((event) => toText(event, { color: false })).join(''))
    return { words: 'one line an event', header: '', encoder: () => encode, inspect: anything }
  }
  if (format === 'csv') {
    const header = toCsv([], { header: true })
    return {
      words: 'CSV',
      header,
      encoder: () => asText((batch) => toCsv(batch, { header: false })),
      inspect: (fd, size) => inspectCsv(destination, header, fd, size),
    }
  }
  const record = recordFormats.find((name) => name === format)
  if (record === undefined) {
    const known = [...recordFormats, 'csv', 'text'].join(', ')
    throw invalidOption(destination.owner, 'format', 'is not known', `One of: ${known}.`)
  }
  return {
    words: `one ${recordNames[record]} object a line`,
    header: '',
    encoder: () => linesFor(record),
    inspect: anything,
  }
}
