import { resolve } from 'node:path'
import { Observable } from 'rxjs'
import type { CheckReport, RunContext, Source, SourceRequest } from '../contracts/index.js'
import { FsflowError, invalidOption } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { capabilityError, markError, missingCapabilities } from '../linux/fanotify/fanotifyErrors.js'
import { probeMark } from '../linux/fanotify/FanotifyGroup.js'
import { fanotifyScopes } from '../linux/fanotify/FanotifyMarks.js'
import { checkAttribution } from '../linux/processes/openProcessTracker.js'
import { mountsOfRoot } from '../linux/fanotify/FanotifyMounts.js'
import type { Mount } from '../linux/mounts.js'
import { nearestExisting } from '../linux/nearestExisting.js'
import { rawFromText, textFromRaw } from '../linux/rawPath.js'
import { resolveRoots } from '../linux/resolveRoots.js'
import { fanotifyMask } from './FanotifyEvents.js'
import { systemError } from '../linux/systemError.js'
import { FanotifyRun } from './FanotifyRun.js'
import { validPaths, type ValidPaths } from './support/validPaths.js'

export type FanotifySourceScope = 'auto' | 'filesystem' | 'mount' | 'tree'

export interface FanotifySourceOptions {
  /** Directories and files to watch. A file is watched through its parent directory. */
  readonly paths: string | readonly string[]
  /** Watch whole trees. Default true. */
  readonly recursive?: boolean
  /** A path that does not exist at the start is awaited. Default false: it is an error. */
  readonly waitForPath?: boolean
  /**
   * How much one mark covers. `filesystem`: all of it, at once, and what is outside of the paths is left out after it
   * was read. `mount`: the same, but content only as far as it is used through this mount. `tree`: each directory,
   * which takes a walk at the start and a mark for each new directory, and nothing outside costs anything. `auto`, the
   * default, is the filesystem: ready at once, and what is outside costs next to nothing once it is silenced.
   */
  readonly scope?: FanotifySourceScope
  /** Unhandled bytes above which reading stops until the main thread catches up. Default 64 MiB. */
  readonly backlog?: number
}

const known = ['paths', 'recursive', 'waitForPath', 'scope', 'backlog'] as const
const DEFAULT_BACKLOG = 64 * 1024 * 1024

/**
 * Events of directory trees with the process that caused them, from fanotify(7).
 *
 * It marks whole filesystems, one mark each, and tells what happens below the paths: nothing is listed at the start,
 * and new directories need no watch. Events have their paths and `pid`. It needs CAP_SYS_ADMIN and
 * CAP_DAC_READ_SEARCH and Linux 5.17. The paths must exist when it opens, unless `waitForPath` is set.
 *
 * Throws FSFLOW_INVALID_OPTION at once. Its stream fails with FSFLOW_PATH_NOT_FOUND, FSFLOW_PERMISSION,
 * FSFLOW_UNSUPPORTED or FSFLOW_KERNEL.
 */
export function fanotify(options: FanotifySourceOptions): Source {
  const valid = validate(options)
  let last: FanotifyRun | undefined

  return {
    name: 'fanotify',
    roots: valid.paths.map((path) => resolve(path)),
    providesPaths: true,
    check: (request) => Promise.resolve(checkFanotify(valid, request)),
    open: (context: RunContext, request: SourceRequest) =>
      new Observable<FileEvent>((subscriber) => {
        try {
          const run = new FanotifyRun(subscriber, context, request, valid)
          last = run
          return () => run.close()
        } catch (error) {
          throw systemError(error)
        }
      }),
    stats: () => last?.stats ?? { watches: 0, ready: false },
  }
}

type ValidFanotifyOptions = Required<FanotifySourceOptions> & ValidPaths

function validate(options: FanotifySourceOptions): ValidFanotifyOptions {
  const paths = validPaths('fanotify', options, known)
  const { backlog = DEFAULT_BACKLOG, scope = 'auto' } = options
  if (!Number.isSafeInteger(backlog) || backlog < 65_536 || backlog > 0x7fff0000) {
    throw invalidOption('fanotify', 'backlog', 'must be a number of bytes from 65536 to 2147418112')
  }
  return { ...paths, scope: validScope('fanotify', scope), backlog }
}

/** Throws FSFLOW_INVALID_OPTION. */
export function validScope(source: string, scope: FanotifySourceScope): FanotifySourceScope {
  if (fanotifyScopes.includes(scope)) return scope
  throw invalidOption(source, 'scope', 'is not known', `One of: ${fanotifyScopes.join(', ')}.`)
}

/** `leavesOut` is true for a mount below a root that another source watches. */
export function checkFanotify(
  { paths, recursive, waitForPath, scope }: ValidFanotifyOptions,
  request: SourceRequest,
  leavesOut: (mountPoint: string) => boolean = () => false,
): CheckReport {
  const lines: string[] = []
  const problems: FsflowError[] = []
  const missing = missingCapabilities()
  if (missing.length > 0) problems.push(capabilityError(missing))
  try {
    const marks = { mask: fanotifyMask(request.eventTypes), scope, lines }
    for (const { directory, only } of resolveRoots(paths, recursive, waitForPath)) {
      const what = only === undefined ? '' : ` (only ${[...only].join(', ')})`
      const isTree = recursive && only === undefined
      lines.push(`watches ${directory}${what}${isTree ? ' and all below' : ''}`)
      if (missing.length > 0) continue
      const there = rawFromText(nearestExisting(directory))
      const { own, below } = mountsOfRoot(there, isTree && there === rawFromText(directory))
      const error = checkMark(there, own, marks)
      if (error !== undefined) problems.push(error)
      for (const mount of below) if (!leavesOut(mount.mountPoint)) checkMark(mount.mountPoint, mount, marks)
    }
    if (request.processes && missing.length === 0) lines.push(checkAttribution().line)
  } catch (error) {
    if (!FsflowError.is(error)) throw error
    problems.push(error)
  }
  lines.push(`by fanotify(7): ${SCOPES[scope]}`)
  if (request.prune.length > 0) lines.push('what happens in excluded directories is read and left out')
  return { lines, problems }
}

const SCOPES = {
  auto: 'a mark on each filesystem as a whole, which needs no walk and no mark for a new directory',
  filesystem: 'a mark on each filesystem as a whole',
  mount: 'a mark on each mount for content, and on its filesystem for names',
  tree: 'a mark on each directory, set in a walk at the start',
} as const

/** Says what a mount gets, and returns why it gets nothing. */
function checkMark(
  path: string,
  mount: Mount | undefined,
  { mask, scope, lines }: { mask: number; scope: FanotifySourceScope; lines: string[] },
): FsflowError | undefined {
  const type = mount?.type ?? 'this filesystem'
  const result = probeMark(path, mask)
  const text = textFromRaw(mount?.mountPoint ?? path)
  if (result === 0) {
    lines.push(
      `${text} (${type}): ${scope === 'tree' ? 'watched by fanotify' : 'a mark on the whole filesystem'}`,
    )
    return undefined
  }
  const error = markError(textFromRaw(path), -result, type)
  lines.push(`${text} (${type}): not watched: ${error.message}`)
  return error
}
