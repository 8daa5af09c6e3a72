import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { projectPath } from '../measure/projectPath.js'
import { runProgram } from '../measure/runProgram.js'
import type { Job } from './Job.js'

const install = ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']

/** Whether the packages of this project can be had: from a registry, or all from the cache of npm. */
function isReachable(): boolean {
  return spawnSync('npm', ['ping'], { timeout: 10_000 }).status === 0
}

export const npmCi = (): Job => ({
  name: 'npm ci',
  work: '`npm ci` of the packages of fsflow',
  ...(!isReachable() && { missing: 'npm reaches no registry' }),
  prepare: (scratch) => {
    const place = (directory: string) => {
      for (const file of ['package.json', 'package-lock.json']) {
        cpSync(projectPath(file), join(directory, file))
      }
      return Promise.resolve()
    }
    const run = (directory: string) => runProgram(install, directory)
    // Once unmeasured, so that the cache has them all.
    const warm = scratch.directory()
    return place(warm)
      .then(() => run(warm))
      .then(() => ({ place, run }))
  },
})
