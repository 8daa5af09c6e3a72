import type { Operator } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { EventType, FileEvent } from '../events/index.js'
import { GlobFilter } from './globs/GlobFilter.js'
import { compileGlobs } from './globs/globRules.js'
import { asCreate, asDelete } from './renames/movedPath.js'
import { eachEvent } from './support/eachEvent.js'
import { optionObject } from './support/optionChecks.js'
import { markReplacing } from './renames/replacingBirths.js'

export interface FilterGlobOptions {
  /** Globs; only what matches one of them passes. Default: everything. */
  readonly include?: string | readonly string[]
  /** Globs; what matches one of them, or lies in a directory that does, is left out. Wins over `include`. */
  readonly exclude?: string | readonly string[]
  /** Absolute path that the globs are relative to. Default: the watched root of each event. */
  readonly root?: string
}

const selfTypes: ReadonlySet<EventType> = new Set<EventType>(['DELETE_SELF', 'MOVE_SELF'])

/**
 * Lets the events pass whose paths match globs.
 *
 * ```
 * source:                         --a--b--c--d--|    a: /r/x.ts           b: /r/x.js
 * filterGlob({ include: '*.ts',                      c: /r/lib/y.ts       d: /r/node_modules/z.ts
 *   exclude: 'node_modules' })
 * result:                         --a-----c-----|
 * ```
 *
 * Globs are those of minimatch, with names that begin with a dot matched as any other. As in a gitignore file, a
 * glob without a slash is compared with the name of an entry; one with a slash, with the path relative to the
 * root; a slash at the beginning ties it to the root, one at the end makes it match directories only. An
 * `exclude` that matches a directory leaves out everything below it; `x/**` leaves out what is below `x`, but
 * not `x`. An `include` matches the entry itself only. The root itself always passes.
 *
 * Excluded directories are not watched when nothing before this operator changes events.
 *
 * A `RENAME` with one side left out is told as what it is for the rest: `CREATE` of the new path (moved in) or
 * `DELETE` of the old one (moved out). Control events always pass. It holds nothing back: complete, error and
 * unsubscribe pass at once. Throws FSFLOW_INVALID_OPTION naming the entry that is no glob.
 */
export function filterGlob(options: FilterGlobOptions): Operator {
  optionObject('filterGlob', options)
  rejectUnknownOptions('filterGlob', options, ['include', 'exclude', 'root'])
  const include = compileGlobs('filterGlob', 'include', options.include)
  const exclude = compileGlobs('filterGlob', 'exclude', options.exclude)
  const root = rootOption(options.root)
  // Directories' verdicts follow from the globs alone, so that it is no state of a stream.
  const globs = new GlobFilter(include, exclude)

  const passes = (path: string, event: FileEvent): boolean => {
    const base = root ?? event.root
    if (path !== base) return globs.passes(relativePath(path, base), event.isDirectory)
    if (event.isDirectory || selfTypes.has(event.eventType)) return true
    return globs.passes(path.slice(path.lastIndexOf('/') + 1), false)
  }

  const decide = (event: FileEvent): FileEvent | undefined => {
    if (event.isControl) return event
    if (event.oldPath === undefined) return passes(event.filePath, event) ? event : undefined
    const before = passes(event.oldPath, event)
    const after = passes(event.filePath, event)
    if (before === after) return before ? event : undefined
    return after ? markReplacing(asCreate(event)) : asDelete(event)
  }

  return eachEvent({
    name: 'filterGlob',
    options: { ...options },
    needsPath: true,
    transparent: true,
    // The source's roots are not the root of this option, so its paths are not those that the globs mean.
    ...(root === undefined &&
      exclude.length > 0 && { prune: (path: string) => globs.excludesDirectory(path) }),
    needsTypes: (wanted) =>
      wanted.has('CREATE') || wanted.has('DELETE') ? new Set([...wanted, 'RENAME'] as const) : wanted,
    each: decide,
  })
}

function relativePath(path: string, root: string): string {
  if (root !== '' && path.startsWith(root)) {
    if (root.endsWith('/')) return path.slice(root.length)
    if (path[root.length] === '/') return path.slice(root.length + 1)
  }
  return path[0] === '/' ? path.slice(1) : path
}

function rootOption(root: unknown): string | undefined {
  if (root === undefined) return undefined
  if (typeof root !== 'string' || !root.startsWith('/') || root.includes('\0')) {
    throw invalidOption('filterGlob', 'root', 'must be an absolute path')
  }
  return root.length > 1 ? root.replace(/\/+$/, '') : root
}
