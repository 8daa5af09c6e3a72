import type { MountView } from '../linux/MountView.js'
import type { WatchProblem } from './Crawler.js'
import type { RepairCounts } from './Repair.js'
import type { WatchNode } from './WatchNode.js'

/** What a watcher tells. */
export interface WatcherListener {
  /**
   * Something happened to the entry `name` of `node`, or to `node` itself when `name` is empty. `mask` has
   * one event bit of inotify(7), and ISDIR. `readAt` is 0 when a scan found it: then it is `synthetic`.
   */
  event(mask: number, node: WatchNode, name: string, cookie: number, readAt: number, synthetic: boolean): void
  /** Every watch is in place. */
  ready(): void
  /** The kernel's queue overflowed. */
  overflow(readAt: number): void
  /** After an overflow: the stream is whole again. */
  recovered(counts: RepairCounts): void
  /** A directory cannot be watched; the rest goes on. `ready` tells whether the start is over. */
  problem(problem: WatchProblem, ready: boolean): void
  /** A directory is polled for want of watches, the first since all were watched. */
  polling(node: WatchNode): void
  /** Watches have become free, and all directories are watched again. */
  watchedAgain(): void
  /** inotify does not see all that changes in a directory, the topmost of its filesystem: all of it is polled too. */
  blind(node: WatchNode): void
  /** A directory is the same as another that is watched already: a bind mount, or a loop of them. */
  alias(node: WatchNode, other: WatchNode): void
  /** All that happened before `stop` has been told. */
  stopped(): void
}

/** What a watcher is told at its start. */
export interface WatcherOptions {
  /** Event bits that are wanted, beyond those that the table needs. */
  readonly mask: number
  /**
   * True when nothing in the directory, nor below it, is wanted. Raw path relative to the root, and raw name.
   * `undefined` when all is wanted.
   */
  readonly prune: ((path: string, name: string) => boolean) | undefined
  /** After an overflow, compare with the disk and tell the differences. Costs memory for each entry. */
  readonly repair: boolean
  /** At the start, poll what is beyond the watch limit. Later that is always done. */
  readonly pollBeyondLimit: boolean
  /** Tell the content of symbolic links to directories too; each directory is watched once. */
  readonly followSymlinks: boolean
  /** The type of the filesystem of a path, when not all that changes there gives records, so that it is to be polled. */
  blindFilesystem(path: string): string | undefined
  /** Where something may have been mounted or unmounted. */
  readonly mounts: Pick<MountView, 'places' | 'accept'>
  /** The kernel's `max_queued_events`. */
  readonly queueLimit: number
}
