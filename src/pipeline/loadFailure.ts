import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FsflowError } from '../errors/index.js'
import { isError, messageOf } from '../errors/messageOf.js'
import { entryNames, ownModules } from './runningPackage.js'

/** The error for a file that is not a usable pipeline file. */
export function loadFailed(file: string, problem: string, hint?: string, cause?: unknown): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_LOAD_FAILED',
    message: `${file}: ${problem}`,
    path: file,
    hint,
    cause,
  })
}

/**
 * What an exception that came out of a pipeline file means. `file` is how the user named it, `path` absolute;
 * `advice` is the hint where the exception has none of its own.
 */
export function loadFailure(error: unknown, file: string, path: string, advice?: string): FsflowError {
  if (!isError(error)) {
    return loadFailed(file, `throws what is not an Error: ${messageOf(error)}`, advice, error)
  }
  if (FsflowError.is(error) && error.path === file && error.code === 'FSFLOW_LOAD_FAILED') return error
  const syntax = /^ParseError: ([^\n]*?)\s*\n\s*(\/.*):(\d+):\d+/.exec(error.message)
  if (syntax !== null) {
    const at = shown(syntax[2]!, file, path)
    return loadFailed(`${at}:${syntax[3]!}`, `syntax error: ${syntax[1]!}`, undefined, error)
  }
  const missing = missingImport(error, file, path)
  if (missing !== undefined) return missing
  const at = placeOf(error, file, path) ?? file
  if (FsflowError.is(error)) {
    const { code, message, hint = advice } = error
    return new FsflowError({ code, message: `${at}: ${message}`, path: error.path ?? at, hint, cause: error })
  }
  // What the file imported is called by a name that was made when it was transpiled.
  const message = error.message.replace(/\(0 , \w+\.(\w+)\)/, '$1')
  const hint = /is not a function$/.test(message)
    ? 'Does the module that it is imported from have it?'
    : advice
  return loadFailed(at, `${error.name}: ${message}`, hint, error)
}

/** `file:line` of the innermost place in the stack that is the user's. */
export function placeOf(error: Error, file: string, path: string): string | undefined {
  const frame = userFrame(error.stack ?? '')
  return frame === undefined ? undefined : `${shown(frame.path, file, path)}:${frame.line}`
}

function shown(path: string, file: string, loaded: string): string {
  return path === loaded ? file : relative(process.cwd(), path)
}

/** The innermost place in the stack that is neither in a package nor in Node. */
function userFrame(stack: string): { readonly path: string; readonly line: string } | undefined {
  for (const text of stack.split('\n')) {
    const match = /^\s*at (?:.*?[( ])??((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?$/.exec(text)
    if (match === null) continue
    const path = match[1]!.startsWith('file:') ? fileURLToPath(match[1]!) : match[1]!
    if (path.startsWith(ownModules) || path.includes('/node_modules/')) continue
    return { path, line: match[2]! }
  }
  return undefined
}

const missingCodes: readonly unknown[] = [
  'MODULE_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
]

function missingImport(error: Error, file: string, path: string): FsflowError | undefined {
  const { code, requireStack } = error as Error & { code?: unknown; requireStack?: readonly string[] }
  if (!missingCodes.includes(code)) return undefined
  const name = /(?:module|package) '([^']+)'/.exec(error.message)?.[1]
  if (name === undefined) return loadFailed(file, error.message, undefined, error)
  const importer = shown(requireStack?.[0] ?? path, file, path)
  return loadFailed(importer, `imports '${name}', which is not there`, missingHint(name), error)
}

function missingHint(name: string): string {
  if (/^[./]/.test(name)) return 'Does the file exist, and is the path relative to the file that imports it?'
  if (/^fsflow(\/|$)/.test(name)) return `There are: ${entryNames.join(', ')}.`
  const parts = name.split('/')
  const packageName = parts.slice(0, name.startsWith('@') ? 2 : 1).join('/')
  return `Install the package in the folder of the pipeline file: npm install ${packageName}`
}
