import type { Sink } from '../contracts/index.js'
import { invalidPipeline } from './invalidPipeline.js'

/** An error for each sink that writes to the same place as one before it. */
export async function sharedDestinations(sinks: readonly Sink[]): Promise<Error[]> {
  const owners = new Map<string, number>()
  const problems: Error[] = []
  for (const [i, sink] of sinks.entries()) {
    const place = await sink.destination?.()
    if (place === undefined) continue
    const owner = owners.get(place)
    if (owner === undefined) owners.set(place, i)
    else {
      problems.push(
        invalidPipeline(
          `sinks[${i}]`,
          `writes to the same place as sinks[${owner}]: ${sink.description}`,
          'Give each a path of its own; one may do without, and write to standard output.',
        ),
      )
    }
  }
  return problems
}
