import { SinkWriteError, type Sink } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'

export interface MemorySinkOptions {
  /** Default `memory`. */
  readonly name?: string
  /** How many events it takes; what comes after them is lost with FSFLOW_SINK_WRITE. Default: no limit. */
  readonly failAfter?: number
}

export interface MemorySink extends Sink {
  /** Every event that was written, in order, over all the times it was opened. */
  readonly events: readonly FileEvent[]
}

/** Collects events in an array, for tests of pipelines. Throws FSFLOW_INVALID_OPTION. */
export function memorySink(options: MemorySinkOptions = {}): MemorySink {
  rejectUnknownOptions('memorySink', options, ['name', 'failAfter'])
  const { name = 'memory', failAfter = Infinity } = options
  if (typeof (name as unknown) !== 'string' || name === '')
    throw invalidOption('memorySink', 'name', 'must be a text')
  if (typeof (failAfter as unknown) !== 'number' || !(failAfter >= 0)) {
    throw invalidOption('memorySink', 'failAfter', 'must be a number, 0 or more')
  }
  const events: FileEvent[] = []
  const failure = (problem: string, lost: number): SinkWriteError =>
    new SinkWriteError({
      code: 'FSFLOW_SINK_WRITE',
      message: `${name}: ${problem}; ${lost} events not written`,
      lost,
    })
  return {
    name,
    description: 'an array in memory',
    events,
    check: () => Promise.resolve(),
    open() {
      let closed = false
      return Promise.resolve({
        ownFiles: [],
        write(batch: readonly FileEvent[]) {
          if (closed) return Promise.reject(failure('the sink is closed', batch.length))
          const taken = Math.min(batch.length, Math.max(0, failAfter - events.length))
          for (const event of batch.slice(0, taken)) events.push(event)
          const lost = batch.length - taken
          return lost === 0 ? Promise.resolve() : Promise.reject(failure('it takes no more', lost))
        },
        close() {
          closed = true
          return Promise.resolve()
        },
      })
    },
  }
}
