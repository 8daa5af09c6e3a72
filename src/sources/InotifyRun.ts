import type { Subscriber } from 'rxjs'
import type { RunContext, SourceRequest, SourceStats } from '../contracts/index.js'
import { FsflowError, type FsflowErrorCode } from '../errors/index.js'
import type { ControlDetails, FileEvent } from '../events/index.js'
import { EACCES, ENOSPC, EPERM, errnoName } from '../linux/errno.js'
import { inotifyLimit, watchLimitError } from '../linux/inotifyErrors.js'
import { inotifyUsers } from '../linux/inotifyUsage.js'
import type { InotifyBinding } from '../linux/InotifyBinding.js'
import { nowMicros } from '../linux/clock.js'
import { isPolled, MountView, placeBelow } from '../linux/MountView.js'
import { openInotify, type BindingName } from '../linux/openInotify.js'
import { rawFromText, textFromRaw } from '../linux/rawPath.js'
import { descriptorHint } from '../linux/systemError.js'
import { resolveRoots } from '../linux/resolveRoots.js'
import { countDirectories } from '../watching/countDirectories.js'
import { ownWatches } from '../watching/ownWatches.js'
import type { RepairCounts } from '../watching/Repair.js'
import type { WatchProblem } from '../watching/Crawler.js'
import type { WatchNode } from '../watching/WatchNode.js'
import { Watcher } from '../watching/Watcher.js'
import type { WatcherListener } from '../watching/WatcherListener.js'
import { kernelMask, InotifyEvents } from './InotifyEvents.js'

export interface InotifyRunOptions {
  readonly paths: readonly string[]
  readonly recursive: boolean
  readonly waitForPath: boolean
  readonly binding: BindingName
  readonly repair: 'full' | 'off'
  readonly backlog: number
  readonly onWatchLimit: 'error' | 'poll'
  readonly pollInterval: number
  readonly poll: 'auto' | 'off'
  readonly followSymlinks: boolean
}

// Looking takes at most this share of the time, however large the tree.
const LOOK_SHARE = 0.02
// How often it is looked whether the mounts have changed, where the binding does not tell.
const MOUNTS_MS = 2000

// The kernel queues the end of a directory's rename within the same system call as its beginning.
const MOVE_WAIT_MS = 100
// How long a stop waits for more of what happened before it, when nothing comes. What has been read is handled first.
const STOP_WAIT_MS = 1000
const DEFAULT_QUEUE_LIMIT = 16_384

/** One subscription to an inotify source: a binding, a watcher, and what goes between them and the stream. */
export class InotifyRun {
  readonly #subscriber: Subscriber<FileEvent>
  readonly #context: RunContext
  readonly #prune: (path: string, name: string) => boolean
  readonly #watcher: Watcher
  readonly #events: InotifyEvents
  readonly #binding: InotifyBinding
  readonly #onAbort = () => this.#stop()
  readonly #pollInterval: number
  readonly #polls: boolean
  readonly #mounts = new MountView()
  #mountTimer: NodeJS.Timeout | undefined
  #moveTimer: NodeJS.Timeout | undefined
  #lookTimer: NodeJS.Timeout | undefined
  /** When the look began that is under way; 0 when none is. */
  #lookStart = 0
  /** When the first look of the present cycle began. */
  #cycleStart = 0
  #isCycleOver = true
  #cyclesBegun = 0
  #cyclesEnded = 0
  readonly #warnedMounts = new Map<string, number>()
  #stopTimer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  /** Throws an FsflowError when the roots or an inotify instance cannot be had. */
  constructor(
    subscriber: Subscriber<FileEvent>,
    context: RunContext,
    request: SourceRequest,
    options: InotifyRunOptions,
  ) {
    this.#subscriber = subscriber
    this.#context = context
    this.#pollInterval = options.pollInterval
    this.#polls = options.poll === 'auto'
    const { prune } = request
    this.#prune = (path, name) => {
      const textPath = textFromRaw(path)
      const textName = textFromRaw(name)
      return prune.some((pruner) => pruner(textPath, textName))
    }
    const roots = resolveRoots(options.paths, options.recursive, options.waitForPath)
    this.#binding = openInotify(
      options.binding,
      {
        onRecords: (records, readAt) => {
          this.#guard(() => this.#watcher.push(records, readAt))
          this.#stopTimer?.refresh()
        },
        onMounts: () => this.#lookAtMounts(),
        onFailure: (error) => this.#fail(error),
      },
      { backlogBytes: options.backlog },
    )
    this.#watcher = new Watcher(this.#binding, this.#listener(), {
      mask: kernelMask(request.eventTypes),
      prune: this.#prune,
      repair: options.repair === 'full',
      pollBeyondLimit: options.onWatchLimit === 'poll',
      followSymlinks: options.followSymlinks,
      isBlind: (node, path) => this.#polls && this.#isBlind(node, path),
      queueLimit: inotifyLimit('max_queued_events') ?? DEFAULT_QUEUE_LIMIT,
    })
    this.#events = new InotifyEvents(this.#watcher, this.#binding, request)
    context.signal.addEventListener('abort', this.#onAbort)
    this.#guard(() => {
      this.#watcher.start(
        roots.map(({ directory, only }) => ({
          path: rawFromText(directory),
          only: only === undefined ? undefined : new Set([...only].map(rawFromText)),
          recursive: options.recursive,
          mayBeMissing: options.waitForPath,
        })),
        nowMicros(),
      )
    })
    if (!this.#binding.tellsMounts) {
      this.#mountTimer = setInterval(() => {
        this.#lookAtMounts()
        if (!this.#watcher.needsLooks) this.#cyclesEnded = ++this.#cyclesBegun
      }, MOUNTS_MS).unref()
    }
    if (context.signal.aborted) this.#stop()
  }

  #isBlind(node: WatchNode | undefined, path: string): boolean {
    if (node?.parent === undefined || node.isLink) return isPolled(this.#mounts.of(path))
    const mount = this.#mounts.at(path)
    return mount === undefined ? node.parent.isBlind : isPolled(mount)
  }

  /** The kernel queues nothing when something is mounted over a watched directory. */
  #lookAtMounts(): void {
    if (this.#closing !== undefined) return
    const changed = this.#mounts.refresh()
    if (changed.length === 0) return
    const roots = this.#watcher.table.roots.map((node) => node.root!.path)
    this.#guard(() => {
      for (const point of changed) {
        for (const root of roots) {
          const below = placeBelow(root, point)
          if (below !== undefined) this.#watcher.remounted(root, below)
        }
      }
    })
  }

  get stats(): SourceStats {
    const needed = this.#watcher.needsLooks || !this.#binding.tellsMounts
    const looks = { needed, begun: this.#cyclesBegun, ended: this.#cyclesEnded }
    return { watches: this.#watcher.table.size, ready: this.#watcher.isReady, looks }
  }

  /** Releases everything, at once or, when something is under way, as soon as that has ended. */
  close(): void {
    void this.#close()
  }

  #close(): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    clearTimeout(this.#moveTimer)
    clearTimeout(this.#stopTimer)
    clearTimeout(this.#lookTimer)
    clearInterval(this.#mountTimer)
    this.#watcher.end()
    this.#closing ??= this.#binding.close()
    return this.#closing
  }

  #listener(): WatcherListener {
    return {
      event: (mask, node, name, cookie, readAt, synthetic) => {
        const event = this.#events.make(mask, node, name, cookie, readAt, synthetic)
        if (event !== undefined) this.#subscriber.next(event)
      },
      ready: () => this.#ready(),
      overflow: () => {
        this.#control('OVERFLOW', '', {
          code: 'FSFLOW_OVERFLOW',
          message: 'the kernel queue overflowed: events were lost',
          hint: 'fs.inotify.max_queued_events bounds the queue; a slow consumer fills it.',
        })
      },
      recovered: (counts) => this.#recovered(counts),
      problem: (problem, ready) => this.#problem(problem, ready),
      polling: (node) => this.#polling(node),
      watchedAgain: () => this.#watchedAgain(),
      blind: (node) => this.#blind(node),
      alias: (node, other) => {
        const path = this.#events.pathOf(node)
        this.#warn('FSFLOW_ALIAS', path, `${path} is the same directory as ${this.#events.pathOf(other)}`)
      },
      stopped: () => this.#complete(),
    }
  }

  /** Runs the watcher; what it throws, and an event handler with it, ends the stream. */
  #guard(action: () => void): void {
    if (this.#closing !== undefined) return
    try {
      action()
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#watcher.isWaiting) {
      this.#moveTimer ??= setTimeout(() => {
        this.#moveTimer = undefined
        this.#guard(() => this.#watcher.expireWait())
      }, MOVE_WAIT_MS)
    } else if (this.#moveTimer !== undefined) {
      clearTimeout(this.#moveTimer)
      this.#moveTimer = undefined
    }
    if (this.#lookTimer !== undefined || this.#watcher.isCrawling || this.#watcher.isWaiting) return
    if (this.#watcher.needsLooks) this.#lookLater()
    // Else the time until there is something to look at would count as that of a look.
    else this.#lookStart = 0
  }

  /** Directories that have to be compared are looked at a part at a time, each part when the one before is done. */
  #lookLater(): void {
    const now = performance.now()
    const took = this.#lookStart === 0 ? 0 : now - this.#lookStart
    this.#lookStart = 0
    if (this.#isCycleOver) this.#cyclesEnded = this.#cyclesBegun
    const untilNextCycle = this.#isCycleOver ? this.#pollInterval - (now - this.#cycleStart) : 0
    this.#lookTimer = setTimeout(
      () => {
        if (this.#isCycleOver) this.#beginCycle()
        this.#lookTimer = undefined
        this.#lookStart = performance.now()
        this.#guard(() => (this.#isCycleOver = this.#watcher.look(nowMicros())))
      },
      Math.max(untilNextCycle, took / LOOK_SHARE),
    )
  }

  #beginCycle(): void {
    this.#cycleStart = performance.now()
    this.#cyclesBegun++
    // Changed mounts are part of what a cycle finds.
    if (!this.#binding.tellsMounts) this.#lookAtMounts()
  }

  #ready(): void {
    const { size } = this.#watcher.table
    this.#control('MONITOR_START', '', {
      code: 'FSFLOW_MONITOR_START',
      message: `watching ${size} ${size === 1 ? 'directory' : 'directories'}`,
      counts: { watches: size },
    })
  }

  #recovered(counts: RepairCounts): void {
    const { created, deleted, modified, renamed } = counts
    this.#control('RECOVERED', '', {
      code: 'FSFLOW_RECOVERED',
      message: `the stream is whole again: ${created} created, ${deleted} deleted, ${renamed} renamed, ${modified} modified were missed`,
      counts: { created, deleted, renamed, modified },
    })
  }

  #problem({ node, errno }: WatchProblem, ready: boolean): void {
    const path = this.#events.pathOf(node)
    if (errno === ENOSPC && !ready) this.#limitReached()
    const denied = errno === EACCES || errno === EPERM
    const code: FsflowErrorCode = denied ? 'FSFLOW_PERMISSION' : 'FSFLOW_KERNEL'
    const message = `cannot watch ${path}: ${errnoName(errno)}`
    if (!ready && node.parent === undefined) {
      const hint = denied ? 'Run as a user who may read it.' : undefined
      throw new FsflowError({ code, message, path, hint })
    }
    const hint = denied ? 'Its content is told when it becomes readable.' : descriptorHint(errno)
    this.#warn(code, path, message, hint)
  }

  #polling(node: WatchNode): void {
    const path = this.#events.pathOf(node)
    const { message, hint } = watchLimitError(undefined)
    this.#warn(
      'FSFLOW_WATCH_LIMIT',
      path,
      `${message}; ${path} and others are compared from time to time instead`,
      hint,
    )
  }

  #watchedAgain(): void {
    this.#warn('FSFLOW_WATCHED_AGAIN', '', 'watches have become free: all directories are watched again')
  }

  #blind(node: WatchNode): void {
    const path = this.#events.pathOf(node)
    const mount = this.#mounts.of(this.#watcher.table.pathOf(node))
    // Told once of each mount, also when an overflow has it visited anew.
    if (mount === undefined || this.#warnedMounts.get(path) === mount.id) return
    this.#warnedMounts.set(path, mount.id)
    const message = `inotify does not see all changes in ${path} (${mount.type}); it is also compared from time to time`
    const hint = "Set poll: 'off', or --poll off, where only this machine changes it."
    this.#warn('FSFLOW_BLIND', path, message, hint)
  }

  #limitReached(): never {
    const users = inotifyUsers().slice(0, 3)
    throw watchLimitError({
      needed: this.#watcher.table.roots.reduce(
        (sum, node) => {
          const { path, only, recursive } = node.root!
          const whole = recursive && only === undefined
          return sum + (whole ? countDirectories(this.#binding, path, this.#prune) : 1)
        },
        ownWatches(this.#watcher.table.roots.map(({ root }) => root!.path)),
      ),
      users: users.map(({ name, pid, watches }) => `${name} (pid ${pid}): ${watches}`),
    })
  }

  #warn(code: string, path: string, message: string, hint?: string): void {
    this.#context.report({ code, message, path, hint })
    this.#control('WARNING', path, hint === undefined ? { code, message } : { code, message, hint })
  }

  #control(
    type: 'MONITOR_START' | 'OVERFLOW' | 'RECOVERED' | 'WARNING',
    path: string,
    details: ControlDetails,
  ): void {
    this.#subscriber.next(this.#events.control(type, path, details))
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
