import type { Operator } from '../contracts/index.js'
import { eachEvent } from './support/eachEvent.js'

/**
 * Gives each event its path, as the watch table of its source knows it now.
 *
 * ```
 * source:        --a--b--c--|      a, c: without a path    b: has one
 * resolvePath()
 * result:        --A--b--C--|      A, C: with their paths
 * ```
 *
 * Put it first: a source may then fill in the paths itself, at less cost. Events that have a path, control events
 * and events from a file or a broker pass as they are. It holds nothing back: complete, error and unsubscribe pass
 * at once.
 */
export function resolvePath(): Operator {
  return eachEvent({
    name: 'resolvePath',
    providesPath: true,
    transparent: true,
    needsTypes: (wanted) => wanted,
    each: (event) =>
      event.filePath === '' && !event.isControl ? (event.origin?.resolve(event) ?? event) : event,
  })
}
