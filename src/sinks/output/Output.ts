import type { OwnFile } from '../../contracts/index.js'

export interface WriteFailure {
  readonly cause: unknown
  /** How many records of the batch are whole at the destination, from the first on. */
  readonly whole: number
}

/** Where the text of a sink goes: a file, a pipe, a terminal. */
export interface Output {
  /** Bytes that were there before; 0 for what is not a regular file. */
  readonly size: number
  readonly ownFiles: readonly OwnFile[]
  readonly gone?: Promise<void>
  /**
   * Writes records that are joined already; `recordSizes` tells the bytes of each, and is called only when the
   * write failed. Resolves to `undefined` when everything is written or the destination has gone away.
   */
  write(data: string | Buffer, recordSizes: () => readonly number[]): Promise<WriteFailure | undefined>
  close(): Promise<void>
}

/** How many records, and how many bytes of them, are within the first `bytes`. */
export function wholeRecords(sizes: readonly number[], bytes: number): { count: number; end: number } {
  let end = 0
  let count = 0
  for (const size of sizes) {
    if (end + size > bytes) break
    end += size
    count += 1
  }
  return { count, end }
}
