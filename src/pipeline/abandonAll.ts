import { setTimeout as wait } from 'node:timers/promises'
import type { SinkLane } from './SinkLane.js'

/** Milliseconds past the end of the run in which what waits for a sink may still be put on disk. */
const GRACE = 1000

/** Gives up sinks that have not finished in time: what can be is put on disk. */
export async function abandonAll(lanes: Iterable<SinkLane>): Promise<void> {
  const all = [...lanes]
  await Promise.race([Promise.all(all.map((lane) => lane.abandon())), wait(GRACE, undefined, { ref: false })])
  for (const lane of all) lane.giveUp()
}
