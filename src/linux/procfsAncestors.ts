import type { ProcessAncestor } from '../events/index.js'
import { readProcessLink, readStat } from './procfs.js'

const MAX_ANCESTORS = 256

/**
 * The parent of a process, its parent, and so on up to init; it ends earlier where one cannot be read, and is `null`
 * when the process itself is not there. Who has lost its parent has been given another one.
 */
export function readAncestors(pid: number): ProcessAncestor[] | null {
  const own = readStat(pid)
  if (own === null) return null
  const ancestors: ProcessAncestor[] = []
  let { ppid, startSeconds } = own
  while (ppid > 0 && ancestors.length < MAX_ANCESTORS) {
    const exePath = readProcessLink(ppid, 'exe')
    const stat = readStat(ppid)
    // Who began after its child has got the number of the parent since.
    if (stat === null || stat.startSeconds > startSeconds) break
    ancestors.push({ pid: ppid, name: stat.name, exePath })
    ppid = stat.ppid
    startSeconds = stat.startSeconds
  }
  return ancestors
}
