import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { FsflowError } from '../errors/index.js'

/** A path that the user named, looked up. */
export interface ResolvedRoot {
  /** Absolute path of the directory to watch: the path itself, or the parent of a file. */
  readonly directory: string
  /** Names of the files meant, when files were named; `undefined` for the directory itself. */
  readonly only: ReadonlySet<string> | undefined
}

function lookUp(
  path: string,
  mayBeMissing: boolean,
): { absolute: string; real: string; isDirectory: boolean } {
  const absolute = resolve(path)
  try {
    const isDirectory = statSync(absolute).isDirectory()
    // Of a file only its directory has to be readable.
    accessSync(isDirectory ? absolute : dirname(absolute), constants.R_OK)
    return { absolute, real: realpathSync(absolute), isDirectory }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EACCES' || code === 'EPERM') {
      throw new FsflowError({
        code: 'FSFLOW_PERMISSION',
        message: `no permission to read ${absolute}`,
        path: absolute,
        hint: 'Run as a user who may read it.',
        cause,
      })
    }
    // What it will be is not known: it is awaited as a directory, and taken for what it is when it comes.
    if (mayBeMissing && code === 'ENOENT') return { absolute, real: absolute, isDirectory: true }
    throw new FsflowError({
      code: 'FSFLOW_PATH_NOT_FOUND',
      message: `there is no ${absolute}`,
      path: absolute,
      hint: 'Check the spelling, or set waitForPath: true, or --wait-for-path, to watch it once it is there.',
      cause,
    })
  }
}

const isBelow = (path: string, above: string) => path.startsWith(above === '/' ? '/' : `${above}/`)

/**
 * The directories to watch for the paths that a user named. A path that lies below another one is covered by
 * it when `recursive`, and two names of one directory count once, so that each event is told once. Throws
 * FSFLOW_PATH_NOT_FOUND, unless it `mayBeMissing`, and FSFLOW_PERMISSION.
 */
export function resolveRoots(
  paths: readonly string[],
  recursive: boolean,
  mayBeMissing = false,
): ResolvedRoot[] {
  const directories = new Map<string, ResolvedRoot>()
  const files = new Map<string, { directory: string; names: Set<string> }>()
  for (const found of paths.map((path) => lookUp(path, mayBeMissing))) {
    if (found.isDirectory) {
      if (!directories.has(found.real)) {
        directories.set(found.real, { directory: found.absolute, only: undefined })
      }
      continue
    }
    const parent = realpathSync(dirname(found.absolute))
    const entry = files.get(parent) ?? { directory: dirname(found.absolute), names: new Set() }
    entry.names.add(basename(found.absolute))
    files.set(parent, entry)
  }
  const roots: ResolvedRoot[] = []
  const reals = [...directories.keys()]
  for (const [real, root] of directories) {
    if (!recursive || !reals.some((other) => other !== real && isBelow(real, other))) roots.push(root)
  }
  for (const [parent, { directory, names }] of files) {
    const covered = directories.has(parent) || (recursive && reals.some((other) => isBelow(parent, other)))
    if (!covered) roots.push({ directory, only: names })
  }
  return roots
}
