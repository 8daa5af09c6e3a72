import type { FileEvent } from '../../events/index.js'
import { GlobFilter } from '../globs/GlobFilter.js'
import { compileGlobs } from '../globs/globRules.js'
import { isSecret } from './secretFiles.js'

export interface SelectionOptions {
  readonly include?: string | readonly string[]
  readonly exclude?: string | readonly string[]
  readonly includeSecrets?: string | readonly string[]
}

/** Which files may be read. Throws FSFLOW_INVALID_OPTION naming the entry that is no glob. */
export class Selection {
  readonly #globs: GlobFilter
  readonly #allowed: GlobFilter | undefined

  constructor({ include, exclude, includeSecrets }: SelectionOptions) {
    const compile = (option: string, globs: unknown) => compileGlobs('captureContent', option, globs)
    this.#globs = new GlobFilter(compile('include', include), compile('exclude', exclude))
    const allowed = compile('includeSecrets', includeSecrets)
    this.#allowed = allowed.length === 0 ? undefined : new GlobFilter(allowed, [])
  }

  /** Why the file of an event may not be read; `undefined` when it may. */
  refusal({ filePath, oldPath, root }: Pick<FileEvent, 'filePath' | 'oldPath' | 'root'>): string | undefined {
    if (!this.#globs.passes(relativePath(filePath, root), false)) return 'it is excluded'
    // A secret that was just renamed is one still.
    return this.refusalAt(filePath) ?? (oldPath === undefined ? undefined : this.refusalAt(oldPath))
  }

  /** True when something in the directory may be read. */
  enters(directory: string, root: string): boolean {
    return !this.#globs.excludesDirectory(relativePath(directory, root))
  }

  /** Why what lies at an absolute path may not be kept. */
  refusalAt(path: string): string | undefined {
    if (!isSecret(path) || this.#allowed?.passes(path.slice(1), false) === true) return undefined
    return 'it is excluded: by its name it holds secrets'
  }
}

/** The path that globs are compared with; of a watched file its name. */
function relativePath(path: string, root: string): string {
  if (path === root) return path.slice(path.lastIndexOf('/') + 1)
  return root !== '' && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path.slice(1)
}
