import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** The files that were put aside beside `path`, the oldest first. */
export function asideOf(path: string): string[] {
  const base = basename(path)
  return readdirSync(dirname(path))
    .filter((name) => name !== base)
    .sort()
    .map((name) => join(dirname(path), name))
}

/** What a file holds, of a compressed one what it held. */
export function textOf(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

/** All lines of these files, which end with whole ones. */
export function linesOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const lines = textOf(path).split('\n')
    if (lines.pop() !== '') throw new Error(`${path} does not end at the end of a line`)
    return lines
  })
}

/** The `seq` of each event in these files. */
export function seqsOf(paths: readonly string[]): number[] {
  return linesOf(paths).map((line) => (JSON.parse(line) as { seq: number }).seq)
}
