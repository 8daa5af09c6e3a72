import type { Subscriber } from 'rxjs'
import type { RunContext, SourceRequest, SourceStats } from '../contracts/index.js'
import type { FileEvent } from '../events/index.js'
import { nowMicros } from '../linux/clock.js'
import { inotifyQueueLimit } from '../linux/inotifyErrors.js'
import type { InotifyBinding } from '../linux/InotifyBinding.js'
import { MountView } from '../linux/MountView.js'
import { openInotify, type BindingName } from '../linux/openInotify.js'
import { rawFromText, textFromRaw } from '../linux/rawPath.js'
import { resolveRoots } from '../linux/resolveRoots.js'
import { Watcher } from '../watching/Watcher.js'
import type { WatcherListener } from '../watching/WatcherListener.js'
import { InotifyControls } from './InotifyControls.js'
import { kernelMask, InotifyEvents } from './InotifyEvents.js'
import { InotifyLooks } from './InotifyLooks.js'

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
  /** The roots have just come, and are told with their content. Default false. */
  readonly areNew?: boolean
}

// The kernel queues the end of a directory's rename within the same system call as its beginning.
const MOVE_WAIT_MS = 100
// How long a stop waits for more of what happened before it, when nothing comes. What has been read is handled first.
const STOP_WAIT_MS = 1000

/** One subscription to an inotify source: a binding, a watcher, and what goes between them and the stream. */
export class InotifyRun {
  readonly #subscriber: Subscriber<FileEvent>
  readonly #context: RunContext
  readonly #watcher: Watcher
  readonly #events: InotifyEvents
  readonly #controls: InotifyControls
  readonly #binding: InotifyBinding
  readonly #looks: InotifyLooks
  readonly #onAbort = () => this.#stop()
  #moveTimer: NodeJS.Timeout | undefined
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
    const prune = (path: string, name: string): boolean => {
      const textPath = textFromRaw(path)
      const textName = textFromRaw(name)
      return request.prune.some((pruner) => pruner(textPath, textName))
    }
    const roots = resolveRoots(options.paths, options.recursive, options.waitForPath)
    const binding = openInotify(
      options.binding,
      {
        onRecords: (records, readAt) => {
          this.#guard(() => this.#watcher.push(records, readAt))
          this.#stopTimer?.refresh()
        },
        onMounts: () => this.#guard(() => this.#watcher.remounted()),
        onFailure: (error) => this.#fail(error),
      },
      { backlogBytes: options.backlog },
    )
    this.#binding = binding
    this.#looks = new InotifyLooks(options.pollInterval, this.#lookHost())
    this.#watcher = new Watcher(binding, this.#listener(), {
      mask: kernelMask(request.eventTypes),
      prune: request.prune.length === 0 ? undefined : prune,
      repair: options.repair === 'full',
      pollBeyondLimit: options.onWatchLimit === 'poll',
      followSymlinks: options.followSymlinks,
      blindFilesystem: (path) => (options.poll === 'auto' ? binding.blindFilesystem(path) : undefined),
      mounts: new MountView(),
      queueLimit: inotifyQueueLimit(),
    })
    this.#events = new InotifyEvents(this.#watcher, binding, request)
    this.#controls = new InotifyControls({
      watcher: this.#watcher,
      binding,
      events: this.#events,
      context,
      prune,
      next: (event) => this.#subscriber.next(event),
    })
    context.signal.addEventListener('abort', this.#onAbort)
    this.#guard(() => {
      this.#watcher.start(
        roots.map(({ directory, only }) => ({
          path: rawFromText(directory),
          only: only === undefined ? undefined : new Set([...only].map(rawFromText)),
          recursive: options.recursive,
          mayBeMissing: options.waitForPath,
          isNew: options.areNew === true,
        })),
        nowMicros(),
      )
    })
    if (context.signal.aborted) this.#stop()
  }

  get stats(): SourceStats {
    return {
      watches: this.#watcher.table.size,
      ready: this.#watcher.isReady,
      looks: this.#looks.cycles,
    }
  }

  /** Releases everything, at once or, when something is under way, as soon as that has ended. */
  close(): void {
    void this.#close()
  }

  #close(): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    clearTimeout(this.#moveTimer)
    clearTimeout(this.#stopTimer)
    this.#looks.stop()
    this.#events.end()
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
      ready: () => this.#controls.ready(),
      overflow: () => this.#controls.overflow(),
      recovered: (counts) => this.#controls.recovered(counts),
      problem: (problem, ready) => this.#controls.problem(problem, ready),
      polling: (node) => this.#controls.polling(node),
      watchedAgain: () => this.#controls.watchedAgain(),
      blind: (node) => this.#controls.blind(node),
      alias: (node, other) => this.#controls.alias(node, other),
      stopped: () => this.#complete(),
    }
  }

  #lookHost() {
    const isNeeded = () => this.#watcher.needsLooks || !this.#binding.tellsMounts
    const isBusy = () => this.#watcher.isCrawling || this.#watcher.isWaiting
    return {
      get isNeeded() {
        return isNeeded()
      },
      get isBusy() {
        return isBusy()
      },
      look: (isFirst: boolean) => {
        let isLast = true
        this.#guard(() => {
          if (isFirst && !this.#binding.tellsMounts) this.#watcher.remounted()
          isLast = this.#watcher.look(nowMicros())
        })
        return isLast
      },
    }
  }

  /** Runs the watcher; what it throws, and an event handler with it, ends the stream. */
  #guard(action: () => void): void {
    if (this.#closing !== undefined) return
    const start = performance.now()
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
    this.#looks.spent(performance.now() - start)
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
