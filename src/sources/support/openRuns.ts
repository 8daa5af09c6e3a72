import { Observable, type Subscriber } from 'rxjs'
import type { RunContext, Source } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'

/** One run of a source that tells events of earlier runs. */
export interface SourceRun {
  readonly ready: boolean
  /** Tells all; never rejects. */
  run(): Promise<void>
  close(): void
}

/** How a source is opened whose runs are made by `start`, and what it says of the last of them. */
export function openRuns(
  start: (subscriber: Subscriber<FileEvent>, context: RunContext) => SourceRun,
): Pick<Source, 'open' | 'stats'> {
  let last: SourceRun | undefined
  return {
    open: (context) =>
      new Observable<FileEvent>((subscriber) => {
        const run = start(subscriber, context)
        last = run
        void run.run()
        return () => run.close()
      }),
    stats: () => ({ watches: 0, ready: last?.ready === true }),
  }
}
