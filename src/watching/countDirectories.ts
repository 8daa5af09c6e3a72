import type { KernelPort } from './port.js'

/** How many directories a tree holds, without those that are pruned: the watches that it needs. */
export function countDirectories(
  port: Pick<KernelPort, 'list'>,
  root: string,
  prune: (path: string, name: string) => boolean,
): number {
  let count = 0
  const pending = ['']
  for (let relative = pending.pop(); relative !== undefined; relative = pending.pop()) {
    count++
    const entries = port.list(relative === '' ? root : `${root}/${relative}`)
    if (typeof entries === 'number') continue
    for (const { name, type } of entries) {
      if (type !== 'directory') continue
      const below = relative === '' ? name : `${relative}/${name}`
      if (!prune(below, name)) pending.push(below)
    }
  }
  return count
}
