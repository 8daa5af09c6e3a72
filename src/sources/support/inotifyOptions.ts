import { invalidOption } from '../../errors/index.js'
import { bindingNames, type BindingName } from '../../linux/openInotify.js'
import { requireBoolean, validPaths, type ValidPaths } from './validPaths.js'

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

const known: readonly string[] = [
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
]
const DEFAULT_BACKLOG = 64 * 1024 * 1024

export type ValidInotifyOptions = Required<InotifySourceOptions> & ValidPaths

/**
 * The options of `inotify()` with their defaults; those of a source that has them all, and `others` as well, which
 * `source` names. Throws FSFLOW_INVALID_OPTION.
 */
export function validInotifyOptions(
  source: string,
  options: InotifySourceOptions,
  others: readonly string[] = [],
): ValidInotifyOptions {
  const paths = validPaths(source, options, [...known, ...others])
  const { followSymlinks = false } = options
  requireBoolean(source, 'followSymlinks', followSymlinks)
  const { binding = 'auto', repair = 'full', backlog = DEFAULT_BACKLOG } = options
  if (followSymlinks && !paths.recursive) {
    const hint = 'What links lead to is told like directories below a root, in whole trees.'
    throw invalidOption(source, 'followSymlinks', 'needs recursive', hint)
  }
  if (!bindingNames.includes(binding)) {
    throw invalidOption(source, 'binding', 'is not known', `One of: ${bindingNames.join(', ')}.`)
  }
  const { onWatchLimit = 'error', pollInterval = 2000, poll = 'auto' } = options
  if (!['error', 'poll'].includes(onWatchLimit)) {
    throw invalidOption(source, 'onWatchLimit', 'is not known', 'One of: error, poll.')
  }
  if (!['auto', 'off'].includes(poll)) {
    throw invalidOption(source, 'poll', 'is not known', 'One of: auto, off.')
  }
  if (!Number.isSafeInteger(pollInterval) || pollInterval < 10 || pollInterval > 86_400_000) {
    throw invalidOption(source, 'pollInterval', 'must be a number of milliseconds from 10 to 86400000')
  }
  if (!['full', 'off'].includes(repair)) {
    throw invalidOption(source, 'repair', 'is not known', 'One of: full, off.')
  }
  if (!Number.isSafeInteger(backlog) || backlog < 65_536 || backlog > 0x7fff0000) {
    throw invalidOption(source, 'backlog', 'must be a number of bytes from 65536 to 2147418112')
  }
  return {
    ...paths,
    binding,
    repair,
    backlog,
    onWatchLimit,
    pollInterval,
    poll,
    followSymlinks,
  }
}
