import type { ExecSnapshot } from './processes/execSnapshots.js'

/** What the main thread gives the drain worker at its start. */
export interface DrainData {
  /** Read in this order in each turn: the descriptor of the events, then those of the feeds. */
  readonly fds: readonly number[]
  /** The place among `fds` of the feed whose messages tell of execs, to be looked at at once; -1 for none. */
  readonly execFeed: number
  /** Written to in order to wake the worker from poll(2). */
  readonly eventFd: number
  readonly shared: SharedArrayBuffer
  /** Of /proc/self/mountinfo, where changes of the mounts are to be told; -1 where not. */
  readonly mountsFd: number
  /** Above this many unhandled bytes the worker stops reading. */
  readonly backlogBytes: number
  /** Milliseconds for which events gather while many come. */
  readonly napMs: number
  /** True when it was started by the main thread of the process. */
  readonly isMain: boolean
}

/** Places in the shared Int32Array. */
export const drainState = { stop: 0, unhandled: 1, begin: 2, slot: 3 } as const

/** What was read from one feed in a turn; `errno` is that of a read that failed, or 0. */
export interface FeedRead {
  readonly feed: number
  readonly buffer: ArrayBuffer
  readonly errno: number
  /** What was seen of the processes that have executed something, where that is looked at. */
  readonly execs: readonly ExecSnapshot[]
}

export interface Turn {
  readonly kind: 'turn'
  /** Until the next read. */
  readonly bytes: Uint8Array
  readonly readAt: number
  readonly feeds: readonly FeedRead[] | undefined
}

/** The system call that failed. */
export interface DrainFailure {
  readonly kind: 'failure'
  readonly errno: number
  readonly call: string
}

/**
 * What the drain worker sends: a turn, by the number of its bytes when it is in the slot; that the mounts have changed;
 * or a failure, after which it ends.
 */
export type DrainMessage = number | Turn | DrainFailure | { readonly kind: 'mounts' }
