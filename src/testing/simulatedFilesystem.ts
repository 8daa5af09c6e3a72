import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { EntryType } from '../watching/port.js'
import { SimulatedError } from './simulatedError.js'
import { SimulatedInotify, type SimulatedInotifyOptions } from './simulatedInotify.js'
import { runProgram, SimulatedPrograms } from './simulatedPrograms.js'
import { SimulatedSyscalls } from './simulatedSyscalls.js'
import type { SimulatedDentry } from './simulatedTree.js'

export interface SimulatedFilesystemOptions {
  /** Give the inode number of a removed file to the next new one, as ext4 does. Default true; false is as tmpfs. */
  readonly reuseInodes?: boolean
  /** The clock for change times: microseconds since the epoch. Default a counter that each change moves on by 1. */
  readonly now?: () => number
}

/**
 * A filesystem in memory with the inotify semantics of Linux: every system call queues the records that the
 * kernel would queue, in its order. For tests of code that watches directories, without a disk and without time.
 *
 * Paths and names are raw bytes as latin1 strings. Calls that fail throw a `SimulatedError` with `code` and
 * `errno`. Rests on inotify(7); the order of records was taken from Linux 6.18 and is compared with the running
 * kernel by a test.
 */
export class SimulatedFilesystem extends SimulatedSyscalls {
  /** The methods of several system calls below, as generators of one call a step. */
  readonly steps: SimulatedPrograms

  /** Throws FSFLOW_INVALID_OPTION. */
  constructor(options: SimulatedFilesystemOptions = {}) {
    rejectUnknownOptions('SimulatedFilesystem', options, ['reuseInodes', 'now'])
    const reuseInodes: unknown = options.reuseInodes ?? true
    if (typeof reuseInodes !== 'boolean') {
      throw invalidOption('SimulatedFilesystem', 'reuseInodes', 'must be true or false')
    }
    const now: unknown = options.now
    if (now !== undefined && typeof now !== 'function') {
      throw invalidOption('SimulatedFilesystem', 'now', 'must be a function')
    }
    let ticks = 0
    super(reuseInodes, options.now ?? (() => ++ticks))
    this.steps = new SimulatedPrograms(this)
  }

  /** A new inotify instance. Throws FSFLOW_INVALID_OPTION. */
  inotify(options: SimulatedInotifyOptions = {}): SimulatedInotify {
    return new SimulatedInotify(this.simulatedTree, options)
  }

  /** `mkdir -p`: makes the directory and those above it that are missing. */
  mkdirp(path: string, mode = 0o755): void {
    runProgram(this.steps.mkdirp(path, mode))
  }

  /** Opens with O_CREAT and O_TRUNC, writes unless `content` is empty, closes. */
  writeFile(path: string, content = ''): void {
    runProgram(this.steps.writeFile(path, content))
  }

  appendFile(path: string, content: string): void {
    runProgram(this.steps.appendFile(path, content))
  }

  /** The content, with the records of reading it. */
  readFile(path: string): string {
    return runProgram(this.steps.readFile(path))
  }

  /** The names in a directory, with the records of listing it. */
  list(path: string): string[] {
    return runProgram(this.steps.list(path))
  }

  /** As `rm -r` does it. What could not be removed is left; the first such error is thrown at the end. */
  removeTree(path: string): void {
    runProgram(this.steps.removeTree(path))
  }

  /** True when the path names anything, a dangling symlink too. Queues no record. */
  exists(path: string): boolean {
    try {
      this.lstat(path)
      return true
    } catch (error) {
      if (error instanceof SimulatedError) return false
      throw error
    }
  }

  /** Everything below a directory: absolute path and type, parents before children. Queues no record. */
  tree(path = '/'): Map<string, EntryType> {
    const found = new Map<string, EntryType>()
    const walk = (prefix: string, directory: SimulatedDentry): void => {
      for (const [name, dentry] of directory.inode.entries) {
        found.set(`${prefix}/${name}`, dentry.inode.type)
        walk(`${prefix}/${name}`, dentry)
      }
    }
    const top = this.lookup(path, 'yes')
    walk(path.replace(/\/+$/, ''), top)
    return found
  }
}
