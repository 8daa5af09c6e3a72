import { SimulatedError } from './simulatedError.js'
import type { SimulatedHandle } from './simulatedHandle.js'
import type { SimulatedSyscalls } from './simulatedSyscalls.js'

/**
 * A program under way: each `next()` makes one system call and yields a line that names it, the last one finds
 * nothing left to do. A call that fails throws and ends the program.
 */
export type SimulatedSteps<Result = void> = Generator<string, Result, void>

/** What programs do in several system calls, so that a scheduler can let others act in between. */
export class SimulatedPrograms {
  readonly #fs: SimulatedSyscalls

  constructor(fs: SimulatedSyscalls) {
    this.#fs = fs
  }

  /** `mkdir -p path`. */
  *mkdirp(path: string, mode = 0o755): SimulatedSteps {
    for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
      const ancestor = end === -1 ? path : path.slice(0, end)
      try {
        this.#fs.mkdir(ancestor, mode)
      } catch (error) {
        if (!isCode(error, 'EEXIST') || this.#fs.stat(ancestor).type !== 'directory') throw error
      }
      yield `mkdir ${ancestor}`
      if (end === -1) return
    }
  }

  /** `printf content > path`: open, write, close; no write when there is no content. */
  *writeFile(path: string, content = ''): SimulatedSteps {
    const handle = this.#fs.open(path, 'w')
    yield `open ${path} w`
    yield* writeAndClose(handle, path, content)
  }

  /** `printf content >> path`. */
  *appendFile(path: string, content: string): SimulatedSteps {
    const handle = this.#fs.open(path, 'a')
    yield `open ${path} a`
    yield* writeAndClose(handle, path, content)
  }

  /** `cat path`. */
  *readFile(path: string): SimulatedSteps<string> {
    const handle = this.#fs.open(path, 'r')
    yield `open ${path} r`
    const content = closingOnError(handle, () => handle.read(Infinity))
    yield `read ${path}`
    handle.close()
    yield `close ${path}`
    return content
  }

  /** `ls path`. */
  *list(path: string): SimulatedSteps<string[]> {
    const handle = this.#fs.openDirectory(path, 'yes')
    yield `open ${path} r`
    const names: string[] = []
    for (;;) {
      const entries = closingOnError(handle, () => handle.getdents())
      yield `getdents ${path}`
      if (entries === undefined) break
      for (const { name } of entries) names.push(name)
    }
    handle.close()
    yield `close ${path}`
    return names
  }

  /**
   * `rm -r path`, call by call as GNU coreutils does it, relative to open directories: a tree that is renamed
   * meanwhile is removed all the same. What others have removed before is no error. What cannot be removed is
   * left, and the first such error is thrown at the end.
   */
  *removeTree(path: string): SimulatedSteps {
    const { type } = this.#fs.lstat(path)
    yield `lstat ${path}`
    const failures: unknown[] = []
    yield* this.#remove(path, type === 'directory', failures, path)
    if (failures.length > 0) throw failures[0]
  }

  *#remove(
    name: string,
    isDirectory: boolean,
    failures: unknown[],
    shown: string,
    at?: SimulatedHandle,
  ): SimulatedSteps {
    try {
      if (!isDirectory) {
        this.#fs.unlink(name, at)
        yield `unlink ${shown}`
        return
      }
      if (!(yield* this.#isEmpty(name, shown, at))) yield* this.#removeChildren(name, failures, shown, at)
      this.#fs.rmdir(name, at)
      yield `rmdir ${shown}`
    } catch (error) {
      if (!isCode(error, 'ENOENT')) failures.push(error)
    }
  }

  *#isEmpty(name: string, shown: string, at?: SimulatedHandle): SimulatedSteps<boolean> {
    const handle = this.#fs.openDirectory(name, 'no', at)
    yield `open ${shown} r`
    const entries = closingOnError(handle, () => handle.getdents()) ?? []
    yield `getdents ${shown}`
    if (entries.length === 0) {
      closingOnError(handle, () => handle.getdents())
      yield `getdents ${shown}`
    }
    handle.close()
    yield `close ${shown}`
    return entries.length === 0
  }

  *#removeChildren(name: string, failures: unknown[], shown: string, at?: SimulatedHandle): SimulatedSteps {
    const handle = this.#fs.openDirectory(name, 'no', at)
    yield `open ${shown} r`
    const entries = closingOnError(handle, () => handle.getdents()) ?? []
    yield `getdents ${shown}`
    closingOnError(handle, () => handle.getdents())
    yield `getdents ${shown}`
    for (const entry of entries) {
      yield* this.#remove(entry.name, entry.type === 'directory', failures, `${shown}/${entry.name}`, handle)
    }
    handle.close()
    yield `close ${shown}`
  }
}

/** Makes all the calls of a program at once. */
export function runProgram<Result>(steps: SimulatedSteps<Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

function* writeAndClose(handle: SimulatedHandle, path: string, content: string): SimulatedSteps {
  if (content !== '') {
    handle.write(content)
    yield `write ${path}`
  }
  handle.close()
  yield `close ${path}`
}

/** A program that gives up exits, and that closes what it has open. */
function closingOnError<Result>(handle: SimulatedHandle, call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    handle.close()
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof SimulatedError && error.code === code
}
