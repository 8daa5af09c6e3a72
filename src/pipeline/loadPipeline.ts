import { stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { FsflowError } from '../errors/index.js'
import { loadFailed, loadFailure } from './loadFailure.js'
import { isPipeline, type Pipeline } from './Pipeline.js'
import { modulesFor } from './runningPackage.js'

const extensions: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/**
 * Loads a pipeline file, TypeScript or JavaScript, and returns its default export.
 *
 * The file is run, not type-checked. Its imports of `fsflow` and `rxjs` resolve to the running package when
 * its own folder, and none above, has a copy. Nothing is cached: a second call reads the files anew.
 *
 * Rejects with `FSFLOW_PATH_NOT_FOUND` when there is no such file; with `FSFLOW_LOAD_FAILED` when it cannot be
 * read or parsed, imports what is not there, throws (the exception is the `cause`), or has no pipeline as its
 * default export. An FsflowError that the file throws keeps its code and hint and gets the line in front.
 */
export async function loadPipeline(file: string): Promise<Pipeline> {
  const path = resolve(file)
  await requireFile(file, path)
  // Not at the top: `fsflow watch` and programs that only use `run` do without it.
  const { createJiti } = await import('jiti')
  const jiti = createJiti(path, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: await modulesFor(path),
  })
  let loaded: unknown
  try {
    loaded = await orStuck(jiti.import(path), file)
  } catch (error) {
    throw loadFailure(error, file, path)
  }
  return pipelineOf(loaded, file)
}

async function requireFile(file: string, path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    const cause = error as NodeJS.ErrnoException
    if (cause.code !== 'ENOENT') throw loadFailed(file, `cannot be read: ${cause.message}`, undefined, cause)
    throw new FsflowError({
      code: 'FSFLOW_PATH_NOT_FOUND',
      message: `${file}: there is no such file`,
      path: file,
      hint: 'Give the path of a pipeline file; see fsflow run --help.',
      cause,
    })
  })
  if (found.isDirectory()) {
    throw loadFailed(
      file,
      'is a directory',
      'Give the path of the pipeline file in it. To watch it: fsflow watch.',
    )
  }
  if (!found.isFile()) throw loadFailed(file, 'is not a regular file')
  if (!extensions.includes(extname(path))) {
    throw loadFailed(file, 'is no pipeline file', `Its name must end in one of ${extensions.join(', ')}.`)
  }
}

/** Rejects when the process has nothing left to do but the file has not finished. */
async function orStuck(loading: Promise<unknown>, file: string): Promise<unknown> {
  let onIdle: () => void = () => undefined
  const stuck = new Promise<never>((_, reject) => {
    onIdle = () => {
      reject(loadFailed(file, 'does not finish loading', 'A top-level await in it never settles.'))
    }
  })
  process.once('beforeExit', onIdle)
  try {
    return await Promise.race([loading, stuck])
  } finally {
    process.off('beforeExit', onIdle)
  }
}

function pipelineOf(loaded: unknown, file: string): Pipeline {
  if (isPipeline(loaded)) return loaded
  const exports = (loaded ?? {}) as Readonly<Record<string, unknown>>
  const value = exports.default
  if (isPipeline(value)) return value
  const example = 'Write export default definePipeline({ ... }).'
  if (value === undefined) {
    const named = Object.keys(exports).find((key) => isPipeline(exports[key]))
    const hint = named === undefined ? example : `Write export default ${named}.`
    throw loadFailed(file, 'has no default export', hint)
  }
  if (value instanceof Promise) {
    throw loadFailed(file, 'exports a Promise by default', 'Put await before it: export default await ...')
  }
  if (typeof value === 'function') {
    throw loadFailed(
      file,
      'exports a function by default, not a pipeline',
      'Call it: export default await name().',
    )
  }
  const isBare = typeof value === 'object' && value !== null && 'source' in value
  throw loadFailed(
    file,
    'exports something by default that is not a pipeline',
    isBare ? 'Wrap it: export default definePipeline({ ... }).' : example,
  )
}
