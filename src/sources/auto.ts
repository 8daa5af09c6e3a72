import { resolve } from 'node:path'
import { Observable } from 'rxjs'
import type { CheckReport, RunContext, Source, SourceRequest } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { systemError } from '../linux/systemError.js'
import { assignRoots, nestedMounts } from './support/assignRoots.js'
import { AutoRun, type AutoRunOptions } from './AutoRun.js'
import { checkFanotify, validScope, type FanotifySourceScope } from './fanotify.js'
import { checkInotify } from './inotify.js'
import { validInotifyOptions, type InotifySourceOptions } from './support/inotifyOptions.js'

/** The options of `inotify()`, which hold for what that watches, and one of `fanotify()`. */
export interface AutoSourceOptions extends InotifySourceOptions {
  /** How much one mark of fanotify covers, as with `fanotify()`. Default `auto`. */
  readonly scope?: FanotifySourceScope
}

/**
 * Events of directory trees, from fanotify(7) where that can be had, else from inotify(7).
 *
 * fanotify tells the process and needs no watches; it takes CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH and Linux 5.17. Where
 * it does not serve, inotify watches: everything, when a right or the kernel is missing or links are to be followed;
 * or the roots, and the mounts below roots, whose filesystem fanotify cannot mark, or which have to be compared with
 * the disk too. `MONITOR_START` says what it is; a `WARNING` with `FSFLOW_FALLBACK` names each such mount. Which
 * source a root gets is decided when it opens; mounts below are followed as they come and go. Events have their paths.
 *
 * Throws FSFLOW_INVALID_OPTION at once. Its stream fails as that of `inotify()`, or `fanotify()`, does.
 */
export function auto(options: AutoSourceOptions): Source {
  const valid = validate(options)
  let last: AutoRun | undefined

  return {
    name: 'auto',
    roots: valid.paths.map((path) => resolve(path)),
    providesPaths: true,
    check: (request) => Promise.resolve(check(valid, request)),
    open: (context: RunContext, request: SourceRequest) =>
      new Observable<FileEvent>((subscriber) => {
        try {
          const run = new AutoRun(subscriber, context, request, valid)
          last = run
          return () => run.close()
        } catch (error) {
          throw systemError(error)
        }
      }),
    stats: () => last?.stats ?? { watches: 0, ready: false },
  }
}

type ValidOptions = AutoRunOptions & ReturnType<typeof validInotifyOptions>

function validate(options: AutoSourceOptions): ValidOptions {
  const valid = validInotifyOptions('auto', options, ['scope'])
  return { ...valid, scope: validScope('auto', options.scope ?? 'auto') }
}

function check(options: ValidOptions, request: SourceRequest): CheckReport {
  const lines: string[] = []
  const problems: Error[] = []
  try {
    const { fanotify, inotify, reasons } = assignRoots(options, request)
    const nested = nestedMounts(fanotify, options, request)
    for (const { path, reason } of reasons) lines.push(`${path === '' ? 'all' : path} by inotify: ${reason}`)
    for (const { path, reason } of nested) {
      lines.push(`${path} by inotify, without the process: ${reason}`)
    }
    const points = new Set(nested.map(({ mountPoint }) => mountPoint))
    const reports: CheckReport[] = []
    if (fanotify.length > 0) {
      const isLeftOut = (mountPoint: string) => points.has(mountPoint)
      reports.push(checkFanotify({ ...options, paths: fanotify }, request, isLeftOut))
    }
    const rest = [...inotify, ...nested.map(({ path }) => path)]
    if (rest.length > 0) reports.push(checkInotify({ ...options, paths: rest }, request))
    for (const report of reports) {
      lines.push(...report.lines)
      problems.push(...report.problems)
    }
  } catch (error) {
    if (!FsflowError.is(error)) throw error
    problems.push(error)
  }
  return { lines, problems }
}
