import type { OpenFlags } from '../../src/testing/simulatedSyscalls.js'
import type { InotifyRecord } from '../../src/watching/port.js'

/** The calls that a simulated and a real kernel are compared in. Paths begin at the top of the world. */
export interface Calls {
  mkdir(path: string): void
  mknod(path: string): void
  symlink(path: string, target: string): void
  link(path: string, to: string): void
  rename(path: string, to: string): void
  exchange(path: string, to: string): void
  unlink(path: string): void
  rmdir(path: string): void
  chmod(path: string, mode: number): void
  utimes(path: string): void
  truncate(path: string, length: number): void
  list(path: string): string[]
  /** Handles have small numbers; a number in use is closed first. */
  open(path: string, flags: OpenFlags, handle: number): void
  read(handle: number): string
  write(handle: number, text: string): void
  cut(handle: number): void
  fchmod(handle: number): void
  close(handle: number): void
  watch(path: string, mask: number): number
  unwatch(wd: number): void
}

export interface World extends Calls {
  drain(): InotifyRecord[]
  /** Everything below the top. Listing it queues records. */
  paths(): string[]
  /** What is at a path, by lstat(2), which queues no record. */
  lstat(path: string): { readonly type: string; readonly changed: number }
  /** What a watcher sees of a path: names in the directory and type, or the errors. */
  look(path: string): unknown
  /** Closes all that is open. */
  end(): void
}

export interface Action {
  readonly call: keyof Calls
  readonly args: readonly (string | number)[]
}

/** The result of a call, or the code of its error. */
export function perform(world: World, { call, args }: Action): string | number | string[] | undefined {
  const method = world[call].bind(world) as (...args: unknown[]) => string | number | string[] | undefined
  try {
    return method(...args)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'string') throw error
    return code
  }
}

/** Handle numbers of a world that are open. */
export class Handles<Handle> {
  readonly #open = new Map<number, Handle>()
  readonly #close: (handle: Handle) => void

  constructor(close: (handle: Handle) => void) {
    this.#close = close
  }

  get(number: number): Handle {
    const handle = this.#open.get(number)
    if (handle === undefined) throw Object.assign(new Error('not open'), { code: 'not open' })
    return handle
  }

  open(number: number, open: () => Handle): void {
    if (this.#open.has(number)) this.close(number)
    this.#open.set(number, open())
  }

  close(number: number): void {
    const handle = this.get(number)
    this.#open.delete(number)
    this.#close(handle)
  }

  closeAll(): void {
    for (const number of [...this.#open.keys()]) this.close(number)
  }
}
