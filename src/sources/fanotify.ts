import { resolve } from 'node:path'
import { Observable } from 'rxjs'
import type { CheckReport, RunContext, Source, SourceRequest } from '../contracts/index.js'
import { FsflowError, invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { capabilityError, markError, missingCapabilities } from '../linux/fanotify/fanotifyErrors.js'
import { probeMark } from '../linux/fanotify/FanotifyGroup.js'
import { fanotifyScopes } from '../linux/fanotify/FanotifyMarks.js'
import { mountsOfRoot } from '../linux/fanotify/FanotifyMounts.js'
import type { Mount } from '../linux/mounts.js'
import { rawFromText, textFromRaw } from '../linux/rawPath.js'
import { resolveRoots } from '../linux/resolveRoots.js'
import { fanotifyMask } from './FanotifyEvents.js'
import { systemError } from '../linux/systemError.js'
import { FanotifyRun } from './FanotifyRun.js'

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
   * default: the filesystem, or the tree where the kernel does not mark a part of it (a btrfs subvolume).
   */
  readonly scope?: 'auto' | 'filesystem' | 'mount' | 'tree'
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
    check: (request) => Promise.resolve(check(valid, request)),
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

type ValidOptions = Required<FanotifySourceOptions> & { readonly paths: readonly string[] }

function validate(options: FanotifySourceOptions): ValidOptions {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalidOption(
      'fanotify',
      'options',
      'must be an object',
      "For example: fanotify({ paths: ['src'] })",
    )
  }
  rejectUnknownOptions('fanotify', given, known)
  const { paths, recursive = true, waitForPath = false, backlog = DEFAULT_BACKLOG, scope = 'auto' } = options
  const list: readonly unknown[] = Array.isArray(paths) ? paths : [paths]
  if (list.length === 0) throw invalidOption('fanotify', 'paths', 'is empty', 'Name at least one path.')
  list.forEach((path, index) => {
    if (typeof path !== 'string' || path === '' || path.includes('\0')) {
      const hint = "For example: paths: ['src', 'test']"
      throw invalidOption('fanotify', `paths[${index}]`, 'must be a path', hint)
    }
  })
  const flags: Record<string, unknown> = { recursive, waitForPath }
  for (const [option, value] of Object.entries(flags)) {
    if (typeof value !== 'boolean') throw invalidOption('fanotify', option, 'must be true or false')
  }
  if (!Number.isSafeInteger(backlog) || backlog < 65_536 || backlog > 0x7fff0000) {
    throw invalidOption('fanotify', 'backlog', 'must be a number of bytes from 65536 to 2147418112')
  }
  if (!fanotifyScopes.includes(scope)) {
    throw invalidOption('fanotify', 'scope', 'is not known', `One of: ${fanotifyScopes.join(', ')}.`)
  }
  return { paths: list as readonly string[], recursive, waitForPath, scope, backlog }
}

function check({ paths, recursive, waitForPath }: ValidOptions, request: SourceRequest): CheckReport {
  const lines: string[] = []
  const problems: FsflowError[] = []
  const missing = missingCapabilities()
  if (missing.length > 0) problems.push(capabilityError(missing))
  try {
    const mask = fanotifyMask(request.eventTypes)
    for (const { directory, only } of resolveRoots(paths, recursive, waitForPath)) {
      const what = only === undefined ? '' : ` (only ${[...only].join(', ')})`
      const isTree = recursive && only === undefined
      lines.push(`watches ${directory}${what}${isTree ? ' and all below' : ''}`)
      if (missing.length > 0) continue
      const { own, below } = mountsOfRoot(rawFromText(directory), isTree)
      const error = checkMark(rawFromText(directory), own, mask, lines)
      if (error !== undefined) problems.push(error)
      for (const mount of below) checkMark(mount.mountPoint, mount, mask, lines)
    }
  } catch (error) {
    if (!FsflowError.is(error)) throw error
    problems.push(error)
  }
  lines.push('by fanotify(7): one mark on each filesystem, with the process of each event')
  if (request.prune.length > 0) lines.push('what happens in excluded directories is read and left out')
  return { lines, problems }
}

/** Says what a mount gets, and returns why it gets nothing. */
function checkMark(
  path: string,
  mount: Mount | undefined,
  mask: number,
  lines: string[],
): FsflowError | undefined {
  const type = mount?.type ?? 'this filesystem'
  const result = probeMark(path, mask)
  const text = textFromRaw(mount?.mountPoint ?? path)
  if (result === 0) {
    lines.push(`${text} (${type}): a mark on the whole filesystem`)
    return undefined
  }
  const error = markError(textFromRaw(path), -result, type)
  lines.push(`${text} (${type}): not watched: ${error.message}`)
  return error
}
