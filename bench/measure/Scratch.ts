import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectPath } from './projectPath.js'

/** A directory for one run, in memory where there is such a filesystem: the disk is not what is measured. */
export class Scratch {
  readonly path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fsflow-bench-'))
  /** The compiled load.c, outside of all that is watched. */
  readonly load = join(this.path, 'load')

  constructor() {
    process.once('exit', () => this.remove())
    const compiled = spawnSync('cc', ['-O2', '-o', this.load, projectPath('bench/load.c')], {
      stdio: 'inherit',
    })
    if (compiled.status !== 0) throw new Error('the load generator needs a C compiler (cc)')
  }

  /** A new directory, for whoever removes it. */
  directory(): string {
    return mkdtempSync(join(this.path, 'work-'))
  }

  /** A new directory with so many directories below it. */
  tree(directories: number): string {
    const path = this.directory()
    if (directories === 0) return path
    const made = spawnSync(this.load, ['tree', path, String(directories)])
    if (made.status !== 0) throw new Error(`cannot make ${directories} directories`)
    return path
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
