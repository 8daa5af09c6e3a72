import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'

/** The options that all sources of directory trees have. */
export interface PathOptions {
  readonly paths: string | readonly string[]
  readonly recursive?: boolean
  readonly waitForPath?: boolean
}

export interface ValidPaths {
  readonly paths: readonly string[]
  readonly recursive: boolean
  readonly waitForPath: boolean
}

/** Throws FSFLOW_INVALID_OPTION, also for an option that is not `known`. */
export function validPaths(source: string, options: PathOptions, known: readonly string[]): ValidPaths {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalidOption(source, 'options', 'must be an object', `For example: ${source}({ paths: ['src'] })`)
  }
  rejectUnknownOptions(source, given, known)
  const { paths, recursive = true, waitForPath = false } = options
  const list: readonly unknown[] = Array.isArray(paths) ? paths : [paths]
  if (list.length === 0) throw invalidOption(source, 'paths', 'is empty', 'Name at least one path.')
  list.forEach((path, index) => {
    if (typeof path !== 'string' || path === '' || path.includes('\0')) {
      const hint = "For example: paths: ['src', 'test']"
      throw invalidOption(source, `paths[${index}]`, 'must be a path', hint)
    }
  })
  requireBoolean(source, 'recursive', recursive)
  requireBoolean(source, 'waitForPath', waitForPath)
  return { paths: list as readonly string[], recursive, waitForPath }
}

/** Throws FSFLOW_INVALID_OPTION. */
export function requireBoolean(source: string, option: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidOption(source, option, 'must be true or false')
}
