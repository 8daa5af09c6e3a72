import type { SimulatedFilesystem } from '../../src/testing/simulatedFilesystem.js'

/**
 * What is wrong with a state that was told of a tree whose links to directories are followed: each directory is told
 * once, under its real path where that lies in the tree, else under one of the links to it.
 */
export function linkedFaults(
  fs: SimulatedFilesystem,
  root: string,
  state: ReadonlyMap<string, boolean>,
): string[] {
  const faults: string[] = []
  const right = new Set<string>()
  const told = new Set<number>()
  /** The ways to each directory that lead through a link. */
  const links = new Map<number, string[]>()
  const walk = (path: string, isReal: boolean): void => {
    told.add(fs.lstat(`${path}/.`).ino)
    for (const [below, type] of fs.tree(path)) {
      if (below.indexOf('/', path.length + 1) >= 0) continue
      right.add(below)
      if (state.get(below) !== (type === 'directory')) faults.push(`missing: ${below}`)
      if (type === 'directory' && isReal) walk(below, true)
      else if (type === 'directory' || (type === 'symlink' && fs.exists(`${below}/.`))) {
        const { ino } = fs.lstat(`${below}/.`)
        links.set(ino, [...(links.get(ino) ?? []), below])
      }
    }
  }
  const used = (ino: number): string[] =>
    links.get(ino)!.filter((path) => [...state.keys()].some((key) => key.startsWith(`${path}/`)))
  const open = (): number[] => [...links.keys()].filter((ino) => !told.has(ino))
  walk(root, true)
  for (let next; (next = open().find((ino) => used(ino).length === 1)) !== undefined;)
    walk(used(next)[0]!, false)
  for (const ino of open()) {
    const paths = links.get(ino)!
    if (used(ino).length > 1) faults.push(`told twice: ${used(ino).join(' ')}`)
    else if (fs.tree(paths[0]).size > 0) faults.push(`not followed: ${paths.join(' ')}`)
  }
  for (const path of state.keys()) if (!right.has(path)) faults.push(`too much: ${path}`)
  return faults
}
