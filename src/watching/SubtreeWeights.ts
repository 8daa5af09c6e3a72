/** A part of a tree that costs many watches, and the glob that leaves it out. */
export interface HeavyPart {
  /** For `exclude`: a name that stands for all directories called so, or a path from the root. */
  readonly glob: string
  readonly directories: number
  /** How many subtrees the glob leaves out. */
  readonly places: number
}

interface Weighed {
  readonly path: string
  readonly parent: Weighed | undefined
  readonly children: Weighed[]
  directories: number
}

// What tools make and most who watch do not want.
const generated: ReadonlySet<string> = new Set([
  '.cache',
  '.git',
  '.gradle',
  '.hg',
  '.mypy_cache',
  '.next',
  '.nuxt',
  '.svn',
  '.terraform',
  '.tox',
  '.venv',
  '.yarn',
  '__pycache__',
  'bower_components',
  'node_modules',
])
// A subtree of which one child makes up this share is not named itself: the child is.
const MAIN_SHARE = 0.7
// Parts below this share of the whole are not worth an exclude.
const MIN_SHARE = 0.01

/** Counts the directories of each subtree while a tree is walked, parents before children. */
export class SubtreeWeights {
  readonly #byPath = new Map<string, Weighed>()

  /** A directory was visited; paths are relative to the root, which is ''. */
  add(path: string): void {
    const slash = path.lastIndexOf('/')
    const parent = path === '' ? undefined : this.#byPath.get(slash < 0 ? '' : path.slice(0, slash))
    const weighed: Weighed = { path, parent, children: [], directories: 1 }
    parent?.children.push(weighed)
    this.#byPath.set(path, weighed)
  }

  /** The largest parts, at most `count`, that do not overlap; `text` makes a path readable. */
  heaviest(count: number, text: (path: string) => string): HeavyPart[] {
    const all = [...this.#byPath.values()]
    const least = Math.max(2, all.length * MIN_SHARE)
    const named = new Map<string, { directories: number; places: number }>()
    // Children come after their parents.
    for (const weighed of all.toReversed()) {
      if (weighed.parent === undefined) continue
      const name = nameOf(weighed)
      if (!generated.has(name)) weighed.parent.directories += weighed.directories
      else if (!isInGenerated(weighed.parent)) {
        const sum = named.get(name) ?? { directories: 0, places: 0 }
        named.set(name, sum)
        sum.places++
        sum.directories += wholeOf(weighed)
      }
    }
    const parts: HeavyPart[] = [...named].map(([glob, sum]) => ({ glob, ...sum }))
    const root = this.#byPath.get('')
    for (const { path, directories } of root === undefined ? [] : heavyPaths(root, count)) {
      parts.push({ glob: `/${escapeGlob(text(path))}`, directories, places: 1 })
    }
    return parts
      .filter(({ directories }) => directories >= least)
      .sort((a, b) => b.directories - a.directories)
      .slice(0, count)
  }
}

function nameOf({ path }: Weighed): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function isInGenerated(weighed: Weighed): boolean {
  for (let above: Weighed | undefined = weighed; above !== undefined; above = above.parent) {
    if (generated.has(nameOf(above))) return true
  }
  return false
}

/** All directories of a generated subtree, those included that are generated themselves. */
function wholeOf(weighed: Weighed): number {
  let count = 0
  const pending = [weighed]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    count++
    pending.push(...next.children)
  }
  return count
}

/** Subtrees without the generated parts: the heaviest first, each taken apart while one child makes it up. */
function heavyPaths(root: Weighed, count: number): Weighed[] {
  const result: Weighed[] = []
  const wanted = (weighed: Weighed): boolean => !generated.has(nameOf(weighed))
  const byWeight = (a: Weighed, b: Weighed): number => a.directories - b.directories
  const pending = root.children.filter(wanted).sort(byWeight)
  while (result.length < count) {
    const next = pending.pop()
    if (next === undefined) break
    const children = next.children.filter(wanted)
    if (children.some((child) => child.directories >= next.directories * MAIN_SHARE)) {
      pending.push(...children)
      pending.sort(byWeight)
    } else result.push(next)
  }
  return result
}

function escapeGlob(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@]/g, '\\$&')
}
