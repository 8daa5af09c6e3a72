import type { Sink } from '../../contracts/index.js'
import type { Pipeline } from '../Pipeline.js'
import { deliveryOf } from './deliveryOf.js'

/** One line for `fsflow check`: what becomes of events that the sink does not take in time. */
export function describeDelivery(sink: Sink, pipeline: Pipeline): string {
  const { whenFull, queue, spool, retry, unspooled } = deliveryOf(sink, pipeline)
  const after = {
    spill: `then they are kept in ${spool?.path}, up to ${spool?.size} bytes`,
    dropOldest: 'then the oldest are lost and counted',
    fail: 'then the run ends',
  }[whenFull]
  const failed =
    retry === undefined
      ? 'not tried again when it fails'
      : retry.giveUpAfter === Infinity
        ? 'tried again when it fails'
        : `tried again for ${retry.giveUpAfter} ms when it fails`
  const without = unspooled === undefined ? '' : `; no spool: ${unspooled.message}`
  return `up to ${queue} events wait, ${after}; ${failed}${without}`
}
