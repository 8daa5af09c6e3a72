import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CheckReport, Source } from '../contracts/index.js'
import { FsflowError, invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { systemError } from '../linux/systemError.js'
import { openRuns } from './support/openRuns.js'
import { ReplayRun, type ReplaySettings } from './trail/ReplayRun.js'

export interface ReplaySourceOptions {
  /** A file of events, one JSON object a line, as `fsflow record` and the sink `ndjson` write it. */
  readonly path: string
  /**
   * How fast: 1 keeps the distances in time between the events as they were, 10 is ten times as fast. Default
   * `'max'`: as fast as the pipeline takes them.
   */
  readonly speed?: number | 'max'
  /** What becomes of a line that is not an event: it is told and left out, or the run fails. Default `'skip'`. */
  readonly brokenLines?: 'skip' | 'fail'
  /**
   * Paths that were watched when the events were recorded: globs are relative to them. Default: none, so that globs
   * are relative to `/`.
   */
  readonly roots?: string | readonly string[]
}

/**
 * Events that were recorded, from a file with one JSON object a line.
 *
 * They keep their times, their details and their `source`; they are numbered anew. It ends with the file. A file that
 * cannot be read is FSFLOW_PATH_NOT_FOUND, FSFLOW_PERMISSION or FSFLOW_KERNEL, a line that is no event, with
 * `brokenLines: 'fail'`, FSFLOW_INVALID_EVENT. Throws FSFLOW_INVALID_OPTION at once.
 */
export function replay(options: ReplaySourceOptions): Source {
  const settings = validate(options)
  return {
    name: 'replay',
    providesPaths: true,
    roots: settings.roots,
    check: () => check(settings),
    ...openRuns((subscriber, context) => new ReplayRun(subscriber, context, settings)),
  }
}

function validate(options: ReplaySourceOptions): ReplaySettings {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    const hint = "For example: replay({ path: 'trail.ndjson' })"
    throw invalidOption('replay', 'options', 'must be an object', hint)
  }
  rejectUnknownOptions('replay', given, ['path', 'speed', 'brokenLines', 'roots'])
  const { path, speed = 'max', brokenLines = 'skip', roots = [] } = options
  requirePath('path', path)
  if (speed !== 'max' && !(typeof speed === 'number' && speed > 0 && speed < Infinity)) {
    const hint = "1 is the pace at which it was recorded, 'max' as fast as possible."
    throw invalidOption('replay', 'speed', "must be a number above 0, or 'max'", hint)
  }
  if (!['skip', 'fail'].includes(brokenLines)) {
    throw invalidOption('replay', 'brokenLines', 'is not known', 'One of: skip, fail.')
  }
  const list: readonly unknown[] = Array.isArray(roots) ? roots : [roots]
  list.forEach((root, index) => requirePath(`roots[${index}]`, root))
  return {
    path: resolve(path),
    speed: speed === 'max' ? Infinity : speed,
    brokenLines,
    roots: (list as readonly string[])
      .map((root) => resolve(root))
      .sort((one, other) => other.length - one.length),
  }
}

function requirePath(option: string, path: unknown): void {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return
  throw invalidOption('replay', option, 'must be a path')
}

async function check({ path, speed, brokenLines }: ReplaySettings): Promise<CheckReport> {
  const pace = speed === Infinity ? 'as fast as the pipeline takes them' : `at ${speed} times their pace`
  const broken = brokenLines === 'skip' ? 'is told and left out' : 'ends the run'
  const lines = [`replays the events of ${path}, ${pace}`, `a line that is not an event ${broken}`]
  try {
    const stats = await stat(path)
    if (stats.isDirectory()) throw notFound(path, `${path} is a directory`)
    await access(path, constants.R_OK)
    return { lines, problems: [] }
  } catch (error) {
    return { lines, problems: [readError(path, error)] }
  }
}

function readError(path: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return notFound(path, `there is no ${path}`, error)
  if (code !== 'EACCES' && code !== 'EPERM') return systemError(error) as Error
  return new FsflowError({
    code: 'FSFLOW_PERMISSION',
    message: `no permission to read ${path}`,
    path,
    hint: 'Run as a user who may read it.',
    cause: error,
  })
}

function notFound(path: string, message: string, cause?: unknown): FsflowError {
  const hint = 'Give the path of a file that fsflow record, or the sink ndjson, has written.'
  return new FsflowError({ code: 'FSFLOW_PATH_NOT_FOUND', message, path, hint, cause })
}
