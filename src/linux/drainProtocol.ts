/** What the main thread gives the drain worker at its start. */
export interface DrainData {
  readonly inotifyFd: number
  /** Written to in order to wake the worker from poll(2). */
  readonly eventFd: number
  readonly shared: SharedArrayBuffer
  /** Above this many unhandled bytes the worker stops reading. */
  readonly backlogBytes: number
}

/** Places in the shared Int32Array. */
export const drainState = { stop: 0, unhandled: 1 } as const

/** What the drain worker sends: a batch, or the system call that failed, after which it ends. */
export type DrainMessage =
  | { readonly buffer: ArrayBuffer; readonly readAt: number }
  | { readonly buffer?: undefined; readonly errno: number; readonly call: string }
