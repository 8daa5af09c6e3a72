import type { EventProcess } from '../../events/index.js'
import type { AttachedMount } from '../../linux/fanotify/FanotifyMounts.js'
import type { HandleKey } from '../../linux/fanotify/HandleRecord.js'
import type { View } from './HandleNode.js'

/** Something that happened to the entry `name` of a directory, or to the directory itself when `name` is empty. */
export interface HandleEvent {
  /** One event bit of inotify(7), or FAN_OPEN_EXEC. */
  readonly bit: number
  readonly view: View
  readonly name: string
  readonly isDirectory: boolean
  /** What it happened to; empty when a scan found it. */
  readonly target: HandleKey
  /** Both halves of a rename have the same. */
  readonly cookie: number
  /** 0 when it was found, not reported. */
  readonly pid: number
  /** What the process was, where processes are followed. */
  readonly process: EventProcess | undefined
  readonly synthetic: boolean
  /** The record told of other changes too: their order within it is inferred. */
  readonly merged: boolean
}

/** What a watcher tells. */
export interface HandleWatcherListener {
  event(event: HandleEvent): void
  /** The marks are in place, and the roots are known. */
  ready(): void
  /** The kernel's queue overflowed: nothing can be relied on any more. */
  overflow(): void
  /** All that happened before `stop` has been told. */
  stopped(): void
}

/** Where the roots are. */
export interface RootFinder {
  /** The directory at a raw path, links followed, its filesystem marked; `undefined` when there is none. */
  find(path: string): HandleKey | undefined
  /** True when something is at a raw path that is no directory. */
  isFile(path: string): boolean
  /** The same as `find` where something was unmounted; `undefined` also when what is there now cannot be marked. */
  uncovered(path: string): HandleKey | undefined
  /** What is mounted below a raw path, marked too. */
  below(path: string): readonly AttachedMount[]
  /** The directories in which those mounts lie. Marks nothing. */
  mountParents(path: string): readonly HandleKey[]
  /** Something was mounted or unmounted: what was known of mounts is not relied on. */
  refresh(): void
}
