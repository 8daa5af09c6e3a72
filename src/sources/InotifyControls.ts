import type { RunContext } from '../contracts/index.js'
import { FsflowError, type FsflowErrorCode } from '../errors/index.js'
import type { ControlDetails, FileEvent } from '../events/index.js'
import { EACCES, ENOSPC, EPERM, errnoName } from '../linux/errno.js'
import { watchLimitError } from '../linux/inotifyErrors.js'
import { inotifyUsers } from '../linux/inotifyUsage.js'
import type { InotifyBinding } from '../linux/InotifyBinding.js'
import { descriptorHint } from '../linux/systemError.js'
import { countDirectories } from '../watching/countDirectories.js'
import type { WatchProblem } from '../watching/Crawler.js'
import { ownWatches } from '../watching/ownWatches.js'
import type { RepairCounts } from '../watching/Repair.js'
import type { Watcher } from '../watching/Watcher.js'
import type { WatcherListener } from '../watching/WatcherListener.js'
import type { WatchNode } from '../watching/WatchNode.js'
import type { InotifyEvents } from './InotifyEvents.js'

/** What a run works with, and where its events about the stream go. */
export interface ControlParts {
  readonly watcher: Watcher
  readonly binding: InotifyBinding
  readonly events: InotifyEvents
  readonly context: RunContext
  prune(path: string, name: string): boolean
  next(event: FileEvent): void
}

/** Tells what bears on the stream as a whole: its start, losses and repairs, and what is not watched as usual. */
export class InotifyControls implements Omit<WatcherListener, 'event' | 'stopped'> {
  readonly #parts: ControlParts

  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  ready(): void {
    const { size } = this.#parts.watcher.table
    this.#tell('MONITOR_START', '', {
      code: 'FSFLOW_MONITOR_START',
      message: `watching ${size} ${size === 1 ? 'directory' : 'directories'}`,
      counts: { watches: size },
    })
  }

  overflow(): void {
    this.#tell('OVERFLOW', '', {
      code: 'FSFLOW_OVERFLOW',
      message: 'the kernel queue overflowed: events were lost',
      hint: 'fs.inotify.max_queued_events bounds the queue; a slow consumer fills it.',
    })
  }

  recovered({ created, deleted, modified, renamed }: RepairCounts): void {
    this.#tell('RECOVERED', '', {
      code: 'FSFLOW_RECOVERED',
      message: `the stream is whole again: ${created} created, ${deleted} deleted, ${renamed} renamed, ${modified} modified were missed`,
      counts: { created, deleted, renamed, modified },
    })
  }

  problem({ node, errno }: WatchProblem, ready: boolean): void {
    const path = this.#parts.events.pathOf(node)
    if (errno === ENOSPC && !ready) this.#limitReached()
    const denied = errno === EACCES || errno === EPERM
    const code: FsflowErrorCode = denied ? 'FSFLOW_PERMISSION' : 'FSFLOW_KERNEL'
    const message = `cannot watch ${path}: ${errnoName(errno)}`
    if (!ready && node.parent === undefined) {
      const hint = denied ? 'Run as a user who may read it.' : descriptorHint(errno)
      throw new FsflowError({ code, message, path, hint })
    }
    const hint = denied ? 'Its content is told when it becomes readable.' : descriptorHint(errno)
    this.#warn(code, path, message, hint)
  }

  polling(node: WatchNode): void {
    const path = this.#parts.events.pathOf(node)
    const { message, hint } = watchLimitError(undefined)
    this.#warn(
      'FSFLOW_WATCH_LIMIT',
      path,
      `${message}; ${path} and others are compared from time to time instead`,
      hint,
    )
  }

  watchedAgain(): void {
    this.#warn('FSFLOW_WATCHED_AGAIN', '', 'watches have become free: all directories are watched again')
  }

  blind(node: WatchNode): void {
    const path = this.#parts.events.pathOf(node)
    const message = `inotify does not see all changes in ${path} (${node.blind}); it is also compared from time to time`
    const hint = "Set poll: 'off', or --poll off, where only this machine changes it."
    this.#warn('FSFLOW_BLIND', path, message, hint)
  }

  alias(node: WatchNode, other: WatchNode): void {
    const { events } = this.#parts
    const path = events.pathOf(node)
    this.#warn('FSFLOW_ALIAS', path, `${path} is the same directory as ${events.pathOf(other)}`)
  }

  #limitReached(): never {
    const { watcher, binding } = this.#parts
    const prune = (path: string, name: string): boolean => this.#parts.prune(path, name)
    const users = inotifyUsers().slice(0, 3)
    throw watchLimitError({
      needed: watcher.table.roots.reduce(
        (sum, node) => {
          const { path, only, recursive } = node.root!
          const whole = recursive && only === undefined
          return sum + (whole ? countDirectories(binding, path, prune) : 1)
        },
        ownWatches(watcher.table.roots.map(({ root }) => root!.path)),
      ),
      users: users.map(({ name, pid, watches }) => `${name} (pid ${pid}): ${watches}`),
    })
  }

  #warn(code: string, path: string, message: string, hint?: string): void {
    this.#parts.context.report({ code, message, path, hint })
    this.#tell('WARNING', path, hint === undefined ? { code, message } : { code, message, hint })
  }

  #tell(
    type: 'MONITOR_START' | 'OVERFLOW' | 'RECOVERED' | 'WARNING',
    path: string,
    details: ControlDetails,
  ): void {
    this.#parts.next(this.#parts.events.control(type, path, details))
  }
}
