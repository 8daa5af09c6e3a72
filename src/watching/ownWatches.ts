import { FENCES } from '../linux/Fences.js'

/** How many watches a run takes beyond one a directory: for its fences, and for the directories above its roots. */
export function ownWatches(roots: readonly string[]): number {
  const above = new Set<string>()
  for (const path of roots) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      above.add(path.slice(0, at))
  }
  return FENCES + above.size
}
