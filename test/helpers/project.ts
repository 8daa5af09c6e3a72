import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. Compiled helpers lie three folders below it. */
export const project = fileURLToPath(new URL('../../../', import.meta.url))

/** A path from the root of the repository, as an absolute one. */
export const at = (...names: readonly string[]): string => join(project, ...names)

/** The text of a file of the repository. */
export const read = (path: string): string => readFileSync(at(path), 'utf8')

/** Files below a folder, relative to the root of the repository. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(at(folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(project, join(entry.parentPath, entry.name)))
    .sort()
}
