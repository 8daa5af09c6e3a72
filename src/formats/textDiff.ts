import { createRequire } from 'node:module'
import type * as Diff from 'diff'

/** How two texts differ, line by line. */
export interface TextDiff {
  readonly added: number
  readonly removed: number
  /** Unified, with three lines of context; empty when there is no difference. */
  readonly unified: string
}

// The work grows with the number of lines times this.
const MAX_EDITS = 2000

let loaded: typeof Diff | undefined

/** The package diff, loaded when the first texts are compared: the start is mostly the loading of modules. */
function diff(): typeof Diff {
  loaded ??= createRequire(import.meta.url)('diff') as typeof Diff
  return loaded
}

/** Compares two texts; `undefined` when they have too little in common to be worth it. */
export function textDiff(
  before: { readonly name: string; readonly text: string },
  after: { readonly name: string; readonly text: string },
): TextDiff | undefined {
  const { formatPatch, structuredPatch } = diff()
  const options = { context: 3, maxEditLength: MAX_EDITS }
  const patch = structuredPatch(
    before.name,
    after.name,
    before.text,
    after.text,
    undefined,
    undefined,
    options,
  )
  if (patch === undefined) return undefined
  const lines = patch.hunks.flatMap((hunk) => hunk.lines)
  return {
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
    unified: lines.length === 0 ? '' : formatPatch(patch).replace(/^(Index: .*\n)?=+\n/, ''),
  }
}
