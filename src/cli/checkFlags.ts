import { usageError } from './usageError.js'

/** The options of a command as the parser knows them, under all their names. */
export interface DeclaredOptions {
  readonly boolean: readonly string[]
  readonly string: readonly string[]
}

/**
 * Throws for flags that the parser takes as `false` without a word: a value in its `--no-` form, and a boolean with
 * a value that is none.
 */
export function checkFlags(argv: readonly string[], declared: DeclaredOptions): void {
  for (const argument of argv) {
    // What stands behind are no flags.
    if (argument === '--') return
    const negated = /^--no-([^=]+)$/.exec(argument)?.[1]
    if (negated !== undefined && declared.string.includes(kebab(negated))) {
      const option = negated.length === 1 ? `-${negated}` : `--${negated}`
      throw usageError(`${argument}: ${option} takes a value`, `Leave ${option} out for its default.`)
    }
    const { name, value } = withValue(argument)
    if (name !== undefined && declared.boolean.includes(kebab(name)) && !/^(true|false)$/.test(value)) {
      throw usageError(`${argument}: "${value}" is neither true nor false`, 'Give the flag alone.')
    }
  }
}

/** The last flag of an argument, and the value that is attached to it. */
function withValue(argument: string): { readonly name?: string; readonly value: string } {
  const long = /^--([^=]+)=([^]*)$/.exec(argument)
  if (long !== null) return { name: long[1]!, value: long[2]! }
  // Of -abc, the first letter with something behind it that cannot be another flag.
  const short = /^-[a-z]*?([a-z])([^a-z][^]*)$/i.exec(argument)
  return short === null ? { value: '' } : { name: short[1]!, value: short[2]!.replace(/^=/, '') }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
