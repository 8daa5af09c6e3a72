import { FsflowError } from '../errors/index.js'
import { messageOf } from '../errors/messageOf.js'
import type { SinkLane } from './SinkLane.js'

/** The error that a run ends with: for a sink that failed, with all that it lost by it, not in one batch alone. */
export function runFailure(error: unknown, lanes: readonly SinkLane[]): unknown {
  const lane = lanes.find((candidate) => candidate.error === error && candidate.state === 'failed')
  if (lane === undefined) return error
  const isOwn = FsflowError.is(error)
  if (isOwn && 'lost' in error && error.lost === lane.dropped && lane.spooled === 0) return error
  const kept = lane.spooled === 0 ? '' : `, and ${lane.spooled} wait on disk`
  return new FsflowError({
    code: isOwn ? error.code : 'FSFLOW_SINK_WRITE',
    message: `${messageOf(error)}; the sink ${lane.name} lost ${lane.dropped} events in all${kept}`,
    path: isOwn ? error.path : undefined,
    hint: isOwn ? error.hint : undefined,
    cause: error,
  })
}
