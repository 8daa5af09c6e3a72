import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the compiled modules of this copy of the package, `dist` when it is installed. */
export const ownModules = fileURLToPath(new URL('..', import.meta.url))

/** What a pipeline file may import of this package: entry points by specifier, modules from `ownModules`. */
const entries: Readonly<Record<string, string>> = {
  fsflow: 'index.js',
  'fsflow/sources': 'sources/index.js',
  'fsflow/operators': 'operators/index.js',
  'fsflow/sinks': 'sinks/index.js',
  'fsflow/formats': 'formats/index.js',
  'fsflow/testing': 'testing/index.js',
}

/** The specifiers that name this package's modules. */
export const entryNames: readonly string[] = Object.keys(entries)

interface Manifest {
  readonly name: string
  readonly version: string
}

function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}

/** Root folder and version of this copy of the package, whichever folder it was compiled to. */
export function runningPackage(): { readonly root: string; readonly version: string } {
  for (let folder = ownModules; ; folder = dirname(folder)) {
    const manifest = readManifest(folder)
    if (manifest?.name === 'fsflow') return { root: folder, version: manifest.version }
    if (folder === dirname(folder)) throw new Error(`no package.json of fsflow above ${ownModules}`)
  }
}

function resolveFrom(file: string, specifier: string): string | undefined {
  try {
    return createRequire(file).resolve(specifier)
  } catch {
    return undefined
  }
}

/** True when the file finds a copy of the package that is not this one. */
function hasOwnCopy(file: string): boolean {
  const manifest = resolveFrom(file, 'fsflow/package.json')
  return manifest !== undefined && realpathSync(dirname(manifest)) !== realpathSync(runningPackage().root)
}

/**
 * The modules that the file is given instead of resolving them: this package, unless the file's own folder
 * has another copy, and rxjs, unless it has one.
 */
export async function modulesFor(file: string): Promise<Record<string, unknown>> {
  const modules: Record<string, unknown> = {}
  if (!hasOwnCopy(file)) {
    for (const [specifier, path] of Object.entries(entries)) {
      modules[specifier] = await import(new URL(`../${path}`, import.meta.url).href)
    }
  }
  const require = createRequire(import.meta.url)
  for (const specifier of ['rxjs', 'rxjs/operators']) {
    if (resolveFrom(file, specifier) === undefined) modules[specifier] = require(specifier)
  }
  return modules
}
