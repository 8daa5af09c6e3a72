import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FsflowError } from '../../errors/index.js'
import { errnoName, errnoOf } from '../../linux/errno.js'
import { RandomLoad } from './RandomLoad.js'
import { seededRandom } from './randomWork.js'

export interface ScratchLoadOptions {
  readonly seed: number
  readonly seconds: number
  /** Use names that are not UTF-8 too. */
  readonly anyBytes: boolean
}

const PROCESSES = 3
const MIN_STEPS = 10
const MAX_STEPS = 1000

/** A random load in a directory of its own: rounds of work, each followed by a comparison. */
export class ScratchLoad {
  readonly seed: number
  /** The directory to watch. What is moved out of it goes to another one next to it. */
  readonly tree: string
  readonly #options: ScratchLoadOptions
  readonly #scratch: string
  #load: RandomLoad | undefined

  /** Makes the directory below `base`. Throws FSFLOW_PATH_NOT_FOUND or FSFLOW_PERMISSION when it cannot. */
  constructor(base: string, options: ScratchLoadOptions) {
    this.seed = options.seed
    this.#options = options
    const path = resolve(base)
    try {
      this.#scratch = mkdtempSync(join(path, 'fsflow-verify-'))
      this.tree = join(this.#scratch, 'tree')
      mkdirSync(this.tree)
      mkdirSync(join(this.#scratch, 'outside'))
    } catch (cause) {
      const reason = errnoName(errnoOf(cause))
      throw new FsflowError({
        code: reason === 'ENOENT' || reason === 'ENOTDIR' ? 'FSFLOW_PATH_NOT_FOUND' : 'FSFLOW_PERMISSION',
        message: `cannot make a directory in ${path}: ${reason}`,
        path,
        hint: 'Name a directory in which you may write, or none: then it is the one for temporary files.',
        cause,
      })
    }
  }

  /** Works until the time is over or the signal comes. */
  async run(compare: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { seed, anyBytes, seconds } = this.#options
    const random = seededRandom(seed)
    const end = performance.now() + seconds * 1000
    const load = (this.#load = new RandomLoad(PROCESSES, {
      tree: this.tree,
      outside: join(this.#scratch, 'outside'),
      seed,
      anyBytes,
    }))
    const stop = (): void => void load.stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      const isOver = (): boolean => signal.aborted || performance.now() >= end
      while (!isOver()) {
        await load.round(Math.round(MIN_STEPS * (MAX_STEPS / MIN_STEPS) ** random()))
        // The last round is followed by the comparison at the end.
        if (!isOver()) await compare()
      }
    } finally {
      signal.removeEventListener('abort', stop)
      await load.stop()
    }
  }

  /** Ends the work, and removes the directory with all that was made in it. */
  async remove(): Promise<void> {
    await this.#load?.stop()
    rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 3 })
  }
}
