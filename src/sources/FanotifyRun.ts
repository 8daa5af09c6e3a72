import type { Subscriber } from 'rxjs'
import type { Issue, RunContext, SourceRequest, SourceStats } from '../contracts/index.js'
import { FsflowError } from '../errors/index.js'
import type { ControlDetails, FileEvent } from '../events/index.js'
import { nowMicros } from '../linux/clock.js'
import { identify } from '../linux/DirectoryReader.js'
import { FanotifyGroup } from '../linux/fanotify/FanotifyGroup.js'
import { FanotifyMarks, type FanotifyScope } from '../linux/fanotify/FanotifyMarks.js'
import { FanotifyMounts } from '../linux/fanotify/FanotifyMounts.js'
import { HandleDisk } from '../linux/fanotify/HandleDisk.js'
import type { HandleRecord } from '../linux/fanotify/HandleRecord.js'
import { openProcessTracker, type ProcessTracker } from '../linux/processes/openProcessTracker.js'
import { rawFromText, textFromRaw } from '../linux/rawPath.js'
import { resolveRoots } from '../linux/resolveRoots.js'
import { HandleWatcher } from '../watching/handles/HandleWatcher.js'
import { FanotifyProcesses } from './FanotifyProcesses.js'
import { FanotifyEvents, fanotifyMask } from './FanotifyEvents.js'
import { isUnsupported, MountDecisions, type OtherWatchers } from './support/MountDecisions.js'

export interface FanotifyRunOptions {
  readonly paths: readonly string[]
  readonly recursive: boolean
  readonly waitForPath: boolean
  readonly backlog: number
  readonly scope: FanotifyScope | 'auto'
  /** Who watches what this source does not. Default: nobody. */
  readonly others?: OtherWatchers | undefined
}

const ALONE: OtherWatchers = { leavesOut: () => false, mountsChanged: () => undefined }

// How often it is looked whether a root is there again that no record could tell of: by a mount, or a link.
const LOOK_MS = 500
// How long a stop waits for more of what happened before it, when nothing comes. What has been read is handled first.
const STOP_WAIT_MS = 1000

/** One subscription to a fanotify source: a group, a watcher, and what goes between them and the stream. */
export class FanotifyRun {
  readonly #subscriber: Subscriber<FileEvent>
  readonly #context: RunContext
  readonly #disk = new HandleDisk()
  readonly #group: FanotifyGroup
  readonly #watcher: HandleWatcher
  readonly #mounts: MountDecisions
  readonly #events: FanotifyEvents
  #tracker: ProcessTracker | undefined
  #processes: FanotifyProcesses | undefined
  readonly #onAbort = () => this.#stop()
  #lookTimer: NodeJS.Timeout | undefined
  #stopTimer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  /** Throws an FsflowError when the roots or a fanotify group cannot be had. */
  constructor(
    subscriber: Subscriber<FileEvent>,
    context: RunContext,
    request: SourceRequest,
    options: FanotifyRunOptions,
  ) {
    this.#subscriber = subscriber
    this.#context = context
    const roots = resolveRoots(options.paths, options.recursive, options.waitForPath).map(
      ({ directory, only }) => ({
        path: rawFromText(directory),
        only: only === undefined ? undefined : new Set([...only].map(rawFromText)),
        recursive: options.recursive,
        mayBeMissing: options.waitForPath,
      }),
    )
    this.#group = new FanotifyGroup(
      {
        onRecords: (records, readAt) => {
          this.#guard(() => {
            this.#processes?.attribute(records, readAt)
            this.#watcher.push(records, readAt)
          })
          this.#stopTimer?.refresh()
        },
        onDropped: (bytes) =>
          this.#fail(kernelError(`${bytes} bytes were read from fanotify that are no record`)),
        onMounts: () => this.remounted(),
        onFailure: (error) => this.#fail(error),
      },
      {
        mask: fanotifyMask(request.eventTypes),
        backlogBytes: options.backlog,
        openFeeds: (fd) => {
          if (!request.processes) return []
          this.#tracker = openProcessTracker((issue) => context.report(issue), fd)
          return this.#tracker.feeds
        },
      },
    )
    const marks = new FanotifyMarks(this.#group, this.#disk, options.scope)
    const mounts = new FanotifyMounts(this.#disk, marks)
    const prunes = (path: string, name: string): boolean => {
      const textPath = textFromRaw(path)
      const textName = textFromRaw(name)
      return request.prune.some((pruner) => pruner(textPath, textName))
    }
    const { others = ALONE } = options
    this.#mounts = new MountDecisions(roots, prunes, others, (error, path) => this.#warn(error, path))
    this.#watcher = new HandleWatcher(this.#listener(), {
      disk: this.#disk,
      marks,
      finder: {
        find: (path) => mounts.find(path),
        isFile: (path) => {
          const identity = identify(path)
          return typeof identity !== 'number' && identity.type !== 'directory'
        },
        uncovered: (path) => {
          try {
            return mounts.find(path)
          } catch (error) {
            if (!isUnsupported(error)) throw error
            this.#warn(error, textFromRaw(path))
            return undefined
          }
        },
        below: (path) => mounts.attach(path, this.#mounts),
        mountParents: (path) => mounts.parents(path),
        refresh: () => {
          mounts.refresh()
          others.mountsChanged()
        },
      },
      fence: () => this.#group.fence(),
      prune: prunes,
    })
    this.#events = new FanotifyEvents(request, this.#disk)
    if (this.#tracker !== undefined) {
      const host = {
        concerns: (record: HandleRecord) => this.#watcher.concerns(record),
        isWatched: ({ directory }: HandleRecord) => this.#disk.knows(directory),
      }
      this.#processes = new FanotifyProcesses(this.#tracker, host, request.eventTypes.has('OPEN_EXEC'))
    }
    context.signal.addEventListener('abort', this.#onAbort)
    this.#guard(() => this.#watcher.start(roots, nowMicros()))
    this.#events.learnOwnFiles()
    if (context.signal.aborted) this.#stop()
  }

  get stats(): SourceStats {
    return { watches: this.#watcher.rootCount, ready: this.#watcher.isReady }
  }

  /** Something was mounted or unmounted, or a mount was moved. */
  remounted(): void {
    this.#guard(() => this.#watcher.remounted(nowMicros()))
  }

  /** Releases everything, at once or, when something is under way, as soon as that has ended. */
  close(): void {
    void this.#close()
  }

  #close(): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    clearTimeout(this.#lookTimer)
    clearTimeout(this.#stopTimer)
    this.#events.end()
    this.#watcher.end()
    this.#closing ??= this.#group.close().then(() => this.#tracker?.close())
    return this.#closing
  }

  #listener(): ConstructorParameters<typeof HandleWatcher>[0] {
    return {
      event: (event) => {
        const made = this.#events.make(event, this.#watcher.time)
        if (made !== undefined) this.#subscriber.next(made)
      },
      ready: () => {
        const { rootCount } = this.#watcher
        this.#control('MONITOR_START', '', {
          code: 'FSFLOW_MONITOR_START',
          message: `watching ${rootCount} ${rootCount === 1 ? 'root' : 'roots'} by marks on whole filesystems`,
          counts: { watches: rootCount },
        })
      },
      overflow: () => {
        const message = 'the kernel queue overflowed, although it has no bound: events were lost'
        this.#control('OVERFLOW', '', { code: 'FSFLOW_OVERFLOW', message })
        this.#fail(kernelError(message))
      },
      stopped: () => this.#complete(),
    }
  }

  /** Runs the watcher; what it throws, and an event handler with it, ends the stream. */
  #guard(action: () => void): void {
    if (this.#closing !== undefined) return
    try {
      action()
      this.#mounts.flush()
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#watcher.lostRoots > 0) {
      this.#lookTimer ??= setTimeout(() => {
        this.#lookTimer = undefined
        this.#guard(() => this.#watcher.lookForRoots(nowMicros()))
      }, LOOK_MS)
    }
  }

  #warn({ code, message, hint }: Omit<Issue, 'path'>, path: string): void {
    this.#context.report({ code, message, path, hint })
    this.#control('WARNING', path, hint === undefined ? { code, message } : { code, message, hint })
  }

  #control(type: 'MONITOR_START' | 'OVERFLOW' | 'WARNING', path: string, details: ControlDetails): void {
    this.#subscriber.next(this.#events.control(type, path, this.#watcher.time, details))
  }

  #stop(): void {
    if (!this.#watcher.isReady) {
      this.#complete()
      return
    }
    this.#stopTimer = setTimeout(() => this.#complete(), STOP_WAIT_MS)
    this.#guard(() => this.#watcher.stop())
  }

  /** Ends the stream once everything has been released. */
  #complete(): void {
    if (this.#closing !== undefined) return
    void this.#close().then(() => this.#subscriber.complete())
  }

  #fail(error: unknown): void {
    if (this.#closing !== undefined) return
    void this.#close().then(() => this.#subscriber.error(error))
  }
}

function kernelError(message: string): FsflowError {
  return new FsflowError({ code: 'FSFLOW_KERNEL', message })
}
