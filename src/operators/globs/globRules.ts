import { Minimatch, braceExpand } from 'minimatch'
import { invalidOption } from '../../errors/index.js'

/** One glob, compiled. */
export interface GlobRule {
  /** What is compared with the glob: the name of an entry, or its path relative to the root. */
  readonly subject: 'name' | 'path'
  readonly glob: Minimatch
  /** The one text that the glob matches, if it has no wildcards. */
  readonly literal: string | undefined
  readonly directoriesOnly: boolean
  /** True for `x/**`: the glob is that of `x`, and the rule is about everything below it. */
  readonly below: boolean
}

const MAX_ALTERNATIVES = 1000

/**
 * Compiles the globs of one option, a string or a list.
 *
 * Throws FSFLOW_INVALID_OPTION naming the entry that is no glob.
 */
export function compileGlobs(owner: string, option: string, globs: unknown): readonly GlobRule[] {
  if (globs === undefined) return []
  if (Array.isArray(globs)) {
    return globs.flatMap((glob, index) => compileGlob(owner, `${option}[${index}]`, glob))
  }
  return compileGlob(owner, option, globs)
}

export function matchesRule(rule: GlobRule, path: string, name: string, isDirectory: boolean): boolean {
  if (rule.directoriesOnly && !isDirectory) return false
  const subject = rule.subject === 'name' ? name : path
  return rule.literal === undefined ? rule.glob.match(subject) : rule.literal === subject
}

function compileGlob(owner: string, entry: string, glob: unknown): GlobRule[] {
  if (typeof glob !== 'string') {
    throw invalidOption(owner, entry, `must be a string, got ${glob === null ? 'null' : typeof glob}`)
  }
  if (glob === '') throw invalidOption(owner, entry, 'is empty', "Use '**' to match everything.")
  if (glob.includes('\0')) throw invalidOption(owner, entry, 'has a NUL, which no file name has')
  if (/^!(?!\()/.test(glob)) {
    const hint = "Use 'exclude' for what to leave out; write '\\\\!' for a name that begins with '!'."
    throw invalidOption(owner, entry, `cannot be negated: ${glob}`, hint)
  }
  const alternatives = slashInBraces(glob) ? expanded(owner, entry, glob) : [glob]
  return alternatives.map((alternative) => {
    try {
      return ruleOf(alternative)
    } catch (cause) {
      throw invalidOption(owner, entry, `is no glob: ${(cause as Error).message}`)
    }
  })
}

function expanded(owner: string, entry: string, glob: string): string[] {
  const alternatives = braceExpand(glob, { braceExpandMax: MAX_ALTERNATIVES + 1 })
  if (alternatives.length <= MAX_ALTERNATIVES) return alternatives
  throw invalidOption(
    owner,
    entry,
    `stands for more than ${MAX_ALTERNATIVES} globs`,
    'Use a wildcard instead.',
  )
}

// Each alternative of {a,b/c} is a glob of its own: the first is compared with names, the second with paths.
function slashInBraces(glob: string): boolean {
  let depth = 0
  for (let index = 0; index < glob.length; index++) {
    const character = glob[index]
    if (character === '\\') index++
    else if (character === '{') depth++
    else if (character === '}') depth--
    else if (character === '/' && depth > 0) return true
  }
  return false
}

function ruleOf(text: string): GlobRule {
  const directoriesOnly = text.endsWith('/')
  const anchored = /^\.?\//.test(text)
  let glob = text.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '')
  if (glob === '') throw new TypeError('it names the root, which always passes')
  const stem = directoriesOnly ? glob : glob.replace(/(?:\/\*\*)+$/, '')
  const below = stem !== glob
  glob = stem
  const name = anchored ? glob : glob.replace(/^(?:\*\*\/)+/, '')
  // `x/**` has a slash, so its `x` is tied to the root; that of `**/x/**` is not.
  const byName = !anchored && !name.includes('/') && (!below || name !== glob)
  const compiled = new Minimatch(byName ? name : glob, { dot: true, nonegate: true, nocomment: true })
  return {
    subject: byName ? 'name' : 'path',
    glob: compiled,
    literal: literalOf(compiled),
    directoriesOnly,
    below,
  }
}

function literalOf({ set }: Minimatch): string | undefined {
  const parts = set.length === 1 ? set[0]! : []
  return parts.length > 0 && parts.every((part) => typeof part === 'string') ? parts.join('/') : undefined
}
