import { createRequire } from 'node:module'
import { projectPath } from '../measure/projectPath.js'

/** Loads a package that bench/package.json has, or else the project; its types are the caller's word. */
export function peerPackage(name: string): unknown {
  return createRequire(projectPath('bench/package.json'))(name) as unknown
}
