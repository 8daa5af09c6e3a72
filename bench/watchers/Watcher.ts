/** A program under measurement: a process that watches a directory until it gets a SIGTERM. */
export interface Watcher {
  readonly name: string
  command(directory: string): readonly string[]
  /**
   * How it shows that it is ready: a line on its fourth descriptor (the programs of this folder), a message on standard
   * error (inotifywait), the first line of its output (the command fsflow), or a mark that it has (fatrace).
   */
  readonly isReady: 'pipe' | 'message' | 'first line' | 'mark'
  /** Standard output goes to /dev/null, and not to a file. */
  readonly toNothing?: boolean
  /** Why it cannot be measured here. */
  readonly missing?: string
}

/** What a watcher saw. NaN where it cannot be known. */
export interface WatcherReport {
  readonly events: number
  readonly overflows?: number
  /** Milliseconds from the start of watching until it was ready, without the start of the process. */
  readonly ownReadyMs?: number
  /** The same with the loading of modules: from the moment when Node.js was up. */
  readonly nodeReadyMs?: number
  /** p50, p99 and the largest of the times from an event to the subscriber, in milliseconds. */
  readonly latency?: readonly [number, number, number]
  readonly samples?: number
}
