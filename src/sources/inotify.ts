import { resolve } from 'node:path'
import { Observable } from 'rxjs'
import type { CheckReport, DirectoryPruner, RunContext, Source, SourceRequest } from '../contracts/index.js'
import { FsflowError, invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { inotifyLimit } from '../linux/inotifyErrors.js'
import { inotifyUsers } from '../linux/inotifyUsage.js'
import { bindingNames, chooseBinding, type BindingName } from '../linux/openInotify.js'
import { rawFromText, textFromRaw } from '../linux/rawPath.js'
import { resolveRoots, type ResolvedRoot } from '../linux/resolveRoots.js'
import { seenMounts, type SeenMount } from '../linux/seenMounts.js'
import { systemError } from '../linux/systemError.js'
import { InotifyRun } from './InotifyRun.js'

export interface InotifySourceOptions {
  /** Directories and files to watch. A file is watched through its parent directory. */
  readonly paths: string | readonly string[]
  /** Watch whole trees. Default true. */
  readonly recursive?: boolean
  /** How the kernel is reached. `auto`, the default, is koffi where it has a build for the platform. */
  readonly binding?: BindingName
  /**
   * After an overflow of the kernel's queue, `full` (the default) compares the tree with what has been told
   * and tells the differences; it keeps the name of every entry in memory. `off` renews the watches only.
   */
  readonly repair?: 'full' | 'off'
  /** A path that does not exist at the start is awaited. Default false: it is an error. */
  readonly waitForPath?: boolean
  /**
   * When there are more directories than watches at the start: `error`, the default, fails with
   * FSFLOW_WATCH_LIMIT; `poll` compares the rest with the disk from time to time, and says so by a `WARNING`.
   * When the limit is reached later, the rest is polled in any case.
   */
  readonly onWatchLimit?: 'error' | 'poll'
  /**
   * Filesystems in which not all changes give records (NFS, CIFS, 9p, FUSE, overlay): `auto`, the default, also
   * compares them with the disk from time to time, and says so by a `WARNING`; `off` does not.
   */
  readonly poll?: 'auto' | 'off'
  /**
   * Tell the content of directories that symbolic links lead to, under the path of the link. Each directory is
   * watched once, under its real path where that is watched too, so that loops end. Needs `recursive`. Default false.
   */
  readonly followSymlinks?: boolean
  /**
   * Milliseconds, at least, between two looks at what is polled, and with node-inotify also at what is mounted. Default 2000.
   * Looking takes no more than a fiftieth of the time: in large trees the looks are further apart.
   */
  readonly pollInterval?: number
  /** Unhandled bytes above which reading stops until the main thread catches up. Default 64 MiB; koffi only. */
  readonly backlog?: number
}

const known = [
  'paths',
  'recursive',
  'binding',
  'repair',
  'backlog',
  'waitForPath',
  'onWatchLimit',
  'pollInterval',
  'poll',
  'followSymlinks',
] as const
const DEFAULT_BACKLOG = 64 * 1024 * 1024

/**
 * Events of directory trees, from inotify(7).
 *
 * It emits raw events; `resolvePath()` gives them their paths and `addWatchOnMkdir()` follows new directories.
 * The paths must exist when it opens, unless `waitForPath` is set. One watch is used for each directory. inotify cannot tell who did it.
 *
 * Throws FSFLOW_INVALID_OPTION at once. Its stream fails with FSFLOW_PATH_NOT_FOUND, FSFLOW_PERMISSION,
 * FSFLOW_WATCH_LIMIT, FSFLOW_BINDING_UNAVAILABLE, FSFLOW_MISSING_PACKAGE or FSFLOW_KERNEL.
 */
export function inotify(options: InotifySourceOptions): Source {
  const valid = validate(options)
  let last: InotifyRun | undefined

  return {
    name: 'inotify',
    roots: valid.paths.map((path) => resolve(path)),
    providesPaths: false,
    check: (request) => Promise.resolve(check(valid, request)),
    open: (context: RunContext, request: SourceRequest) =>
      new Observable<FileEvent>((subscriber) => {
        try {
          const run = new InotifyRun(subscriber, context, request, valid)
          last = run
          return () => run.close()
        } catch (error) {
          throw systemError(error)
        }
      }),
    stats: () => last?.stats ?? { watches: 0, ready: false },
  }
}

function validate(
  options: InotifySourceOptions,
): Required<InotifySourceOptions> & { paths: readonly string[] } {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalidOption('inotify', 'options', 'must be an object', "For example: inotify({ paths: ['src'] })")
  }
  rejectUnknownOptions('inotify', given, known)
  const { paths, recursive = true, waitForPath = false, followSymlinks = false } = options
  const { binding = 'auto', repair = 'full', backlog = DEFAULT_BACKLOG } = options
  const list: readonly unknown[] = Array.isArray(paths) ? paths : [paths]
  if (list.length === 0) throw invalidOption('inotify', 'paths', 'is empty', 'Name at least one path.')
  list.forEach((path, index) => {
    if (typeof path !== 'string' || path === '' || path.includes('\0')) {
      throw invalidOption(
        'inotify',
        `paths[${index}]`,
        'must be a path',
        "For example: paths: ['src', 'test']",
      )
    }
  })
  const flags: Record<string, unknown> = { recursive, waitForPath, followSymlinks }
  for (const [option, value] of Object.entries(flags)) {
    if (typeof value !== 'boolean') throw invalidOption('inotify', option, 'must be true or false')
  }
  if (followSymlinks && !recursive) {
    const hint = 'What links lead to is told like directories below a root, in whole trees.'
    throw invalidOption('inotify', 'followSymlinks', 'needs recursive', hint)
  }
  if (!bindingNames.includes(binding)) {
    throw invalidOption('inotify', 'binding', 'is not known', `One of: ${bindingNames.join(', ')}.`)
  }
  const { onWatchLimit = 'error', pollInterval = 2000, poll = 'auto' } = options
  if (!['error', 'poll'].includes(onWatchLimit)) {
    throw invalidOption('inotify', 'onWatchLimit', 'is not known', 'One of: error, poll.')
  }
  if (!['auto', 'off'].includes(poll)) {
    throw invalidOption('inotify', 'poll', 'is not known', 'One of: auto, off.')
  }
  if (!Number.isSafeInteger(pollInterval) || pollInterval < 10 || pollInterval > 86_400_000) {
    throw invalidOption('inotify', 'pollInterval', 'must be a number of milliseconds from 10 to 86400000')
  }
  if (!['full', 'off'].includes(repair)) {
    throw invalidOption('inotify', 'repair', 'is not known', 'One of: full, off.')
  }
  if (!Number.isSafeInteger(backlog) || backlog < 65_536 || backlog > 0x7fff0000) {
    throw invalidOption('inotify', 'backlog', 'must be a number of bytes from 65536 to 2147418112')
  }
  return {
    paths: list as readonly string[],
    recursive,
    binding,
    repair,
    backlog,
    waitForPath,
    onWatchLimit,
    pollInterval,
    poll,
    followSymlinks,
  }
}

function check(
  options: Pick<
    Required<InotifySourceOptions>,
    'recursive' | 'binding' | 'waitForPath' | 'poll' | 'followSymlinks'
  > & {
    readonly paths: readonly string[]
  },
  request: SourceRequest,
): CheckReport {
  const { paths, recursive, binding, waitForPath, followSymlinks } = options
  const lines: string[] = []
  const problems: FsflowError[] = []
  try {
    const roots = resolveRoots(paths, recursive, waitForPath)
    for (const { directory, only } of roots) {
      const what = only === undefined ? '' : ` (only ${[...only].join(', ')})`
      lines.push(`watches ${directory}${what}${recursive && only === undefined ? ' and all below' : ''}`)
    }
    lines.push(...new Set(roots.flatMap((root) => mountLines(root, recursive, options.poll, request))))
    if (followSymlinks && recursive) {
      lines.push(
        'links to directories are followed, each directory once; where they lead is not looked at here',
      )
    }
    lines.push(`by inotify(7), binding ${chooseBinding(binding)}`)
  } catch (error) {
    if (!FsflowError.is(error)) throw error
    problems.push(error)
  }
  if (request.prune.length > 0) lines.push('excluded directories are neither watched nor listed')
  const used = inotifyUsers()
  const watches = used.reduce((sum, user) => sum + user.watches, 0)
  const instances = used.reduce((sum, user) => sum + user.instances, 0)
  lines.push(
    `watches: one a directory; ${watches} in use, limit ${inotifyLimit('max_user_watches') ?? 'unknown'}`,
  )
  lines.push(`instances: ${instances} in use, limit ${inotifyLimit('max_user_instances') ?? 'unknown'}`)
  return { lines, problems }
}

/** What each mount that a root reaches gets, and why. */
function mountLines(
  { directory, only }: ResolvedRoot,
  recursive: boolean,
  poll: 'auto' | 'off',
  { prune }: SourceRequest,
): string[] {
  const raw = rawFromText(directory)
  const names = only === undefined ? undefined : new Set([...only].map(rawFromText))
  return seenMounts(raw, recursive && only === undefined, names).map((seen) => {
    const { mountPoint, type } = seen.mount
    const isPruned = isInPruned(textFromRaw(seen.below), seen.isFile, prune)
    return `${textFromRaw(mountPoint)} (${type}): ${isPruned ? 'excluded, not watched' : mountText(seen, poll)}`
  })
}

function mountText({ view, isFile }: SeenMount, poll: 'auto' | 'off'): string {
  const compares = view.polled && poll === 'auto'
  if (isFile) {
    const reason = 'inotify does not see changes of a single file that is mounted over a name'
    return compares ? `compared from time to time: ${reason}` : `not watched: ${reason}`
  }
  if (view.view === 'full') return 'watched by inotify, which sees all changes'
  if (view.view === 'unknown') return 'watched by inotify; it is not known whether that sees all changes'
  const reason = `inotify does not see ${view.blind}`
  if (compares) return `watched, and compared from time to time: ${reason}`
  return `watched, but not compared${view.polled ? ' (poll is off)' : ''}: ${reason}`
}

/** True when a directory on the way to a path, relative to the root, is left out, or the path itself. */
function isInPruned(path: string, isFile: boolean, prune: readonly DirectoryPruner[]): boolean {
  const names = path.split('/')
  const directories = path === '' ? [] : isFile ? names.slice(0, -1) : names
  return directories.some((name, index) => {
    const directory = names.slice(0, index + 1).join('/')
    return prune.some((pruner) => pruner(directory, name))
  })
}
