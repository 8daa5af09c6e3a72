import { closeSync, constants, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FsflowError } from '../../errors/index.js'
import { libc } from '../libc.js'

const LOCK_SH = 1
const LOCK_EX = 2
const LOCK_NB = 4
const TRIES = 50
const PAUSE_MS = 10

/**
 * Who has a store open: many at a time that add to it, or one that takes away from it.
 *
 * By flock(2), which the kernel releases when the process ends, however it ends.
 */
export class StoreLock {
  #fd: number | undefined

  constructor(directory: string, mode: 'shared' | 'exclusive') {
    const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants
    const fd = openSync(join(directory, 'lock'), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
    // Whoever is alone may take away what killed processes have left behind.
    const isAlone = libc().flock(fd, LOCK_EX | LOCK_NB) === 0
    if (isAlone) clearTemporaries(directory)
    if (mode === 'exclusive' ? !isAlone : !share(fd)) {
      closeSync(fd)
      throw new FsflowError({
        code: 'FSFLOW_SINK_OPEN',
        message: `the history at ${directory} is in use`,
        path: directory,
        hint: 'Stop what writes to it, or is pruning it, and try again.',
      })
    }
    this.#fd = fd
  }

  release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

/** Another one that opens the store holds it alone for a moment. */
function share(fd: number): boolean {
  for (let tries = 0; tries < TRIES; tries++) {
    if (libc().flock(fd, LOCK_SH | LOCK_NB) === 0) return true
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
  }
  return false
}

function clearTemporaries(directory: string): void {
  const folder = join(directory, 'tmp')
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true })
}
