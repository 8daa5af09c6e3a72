import { matchesRule, type GlobRule } from './globRules.js'

const MAX_DIRECTORIES = 20_000

// What is known of everything in a directory.
const EXCLUDED = 1
const INCLUDED = 2

/** Decides about paths relative to a root; the verdict on a directory is kept for its entries. */
export class GlobFilter {
  readonly #include: readonly GlobRule[]
  readonly #exclude: readonly GlobRule[]
  readonly #directories = new Map<string, number>()

  constructor(include: readonly GlobRule[], exclude: readonly GlobRule[]) {
    this.#include = include
    this.#exclude = exclude
  }

  passes(path: string, isDirectory: boolean): boolean {
    const slash = path.lastIndexOf('/')
    const verdict = slash < 0 ? 0 : this.#directory(path.slice(0, slash))
    if ((verdict & EXCLUDED) !== 0) return false
    const name = path.slice(slash + 1)
    for (const rule of this.#exclude) {
      if (!rule.below && matchesRule(rule, path, name, isDirectory)) return false
    }
    if (this.#include.length === 0 || (verdict & INCLUDED) !== 0) return true
    for (const rule of this.#include) {
      if (!rule.below && matchesRule(rule, path, name, isDirectory)) return true
    }
    return false
  }

  /** True when nothing in the directory can pass. */
  excludesDirectory(path: string): boolean {
    return (this.#directory(path) & EXCLUDED) !== 0
  }

  #directory(path: string): number {
    const known = this.#directories.get(path)
    if (known !== undefined) return known
    const slash = path.lastIndexOf('/')
    let verdict = slash < 0 ? 0 : this.#directory(path.slice(0, slash))
    const name = path.slice(slash + 1)
    if ((verdict & EXCLUDED) === 0 && this.#exclude.some((rule) => matchesRule(rule, path, name, true))) {
      verdict |= EXCLUDED
    }
    if (this.#include.some((rule) => rule.below && matchesRule(rule, path, name, true))) verdict |= INCLUDED
    if (this.#directories.size >= MAX_DIRECTORIES) this.#directories.clear()
    this.#directories.set(path, verdict)
    return verdict
  }
}
