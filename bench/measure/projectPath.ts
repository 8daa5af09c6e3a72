import { fileURLToPath } from 'node:url'

/** A path from the root of the repository. Compiled, this file lies three folders below it. */
export const projectPath = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url))
