import { resolve } from 'node:path'
import { Observable } from 'rxjs'
import type { CheckReport, DirectoryPruner, RunContext, Source, SourceRequest } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { inotifyLimit } from '../linux/inotifyErrors.js'
import { inotifyUsers } from '../linux/inotifyUsage.js'
import { chooseBinding } from '../linux/openInotify.js'
import { rawFromText, textFromRaw } from '../linux/rawPath.js'
import { resolveRoots, type ResolvedRoot } from '../linux/resolveRoots.js'
import { seenMounts, type SeenMount } from '../linux/seenMounts.js'
import { systemError } from '../linux/systemError.js'
import {
  validInotifyOptions,
  type InotifySourceOptions,
  type ValidInotifyOptions,
} from './support/inotifyOptions.js'
import { InotifyRun } from './InotifyRun.js'

export type { InotifySourceOptions } from './support/inotifyOptions.js'

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
  const valid = validInotifyOptions('inotify', options)
  let last: InotifyRun | undefined

  return {
    name: 'inotify',
    roots: valid.paths.map((path) => resolve(path)),
    providesPaths: false,
    check: (request) => Promise.resolve(checkInotify(valid, request)),
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

/** What `check` says of the paths. */
export function checkInotify(options: ValidInotifyOptions, request: SourceRequest): CheckReport {
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
