import type { HandleKey } from '../fanotify/HandleRecord.js'
import type { OpenedProgram } from './ExecGroup.js'

/** What a process was told to run: the program that runs, and the file that was named, which may be a script. */
export interface ExecutedProgram {
  readonly path: string
  readonly key: HandleKey
  readonly identity: string | null
  readonly invoked: string
}

const MAX_OPENED = 64
const MAX_PROCESSES = 10_000

/**
 * Joins the files that processes opened to execute with their execs.
 *
 * One exec opens a script and what runs it, and the loader of a dynamic program; an exec that failed opened files
 * as well, records of equal files are merged by the kernel, and the files of an exec may be known before the exec
 * itself. So a program is told only where the number of execs and that of the programs opened agree.
 */
export class ExecLog {
  readonly #opened = new Map<number, OpenedProgram[]>()
  readonly #execs = new Map<number, number>()

  add(programs: readonly OpenedProgram[]): void {
    for (const program of programs) {
      const known = this.#opened.get(program.pid)
      if (known === undefined) {
        // Who never exits is never forgotten: only failed execs of long-lived processes stay, so the oldest go.
        if (this.#opened.size >= MAX_PROCESSES) this.forget(this.#opened.keys().next().value!)
        this.#opened.set(program.pid, [program])
      } else if (known.length < MAX_OPENED) known.push(program)
    }
  }

  /** True when files were opened that no exec has been told for. */
  hasOpened(pid: number): boolean {
    return this.#opened.has(pid)
  }

  /**
   * Notes an exec, and tells what is now run; `undefined` when that is not certain. `later` is how many further
   * execs of the process are known already: what they run has been opened too.
   */
  exec(pid: number, later: number): ExecutedProgram | undefined {
    const opened = this.#opened.get(pid)
    if (opened === undefined) {
      // From a filesystem that tells nothing, or merged with an earlier record. Files come before their exec.
      this.#execs.delete(pid)
      return undefined
    }
    const execs = (this.#execs.get(pid) ?? 0) + 1
    const programs = groupPrograms(opened)
    if (programs?.length !== execs + later) {
      this.#execs.set(pid, execs)
      return undefined
    }
    const { program, end } = programs[execs - 1]!
    this.#execs.delete(pid)
    if (end >= opened.length) this.#opened.delete(pid)
    else this.#opened.set(pid, opened.slice(end))
    return program
  }

  /** For a process that has ended, or of which it is known in another way what it runs. */
  forget(pid: number): void {
    this.#opened.delete(pid)
    this.#execs.delete(pid)
  }
}

interface Group {
  readonly program: ExecutedProgram
  /** The index behind its last file. */
  readonly end: number
}

/** Divides opened files into one group for each exec; `undefined` where that cannot be told. */
export function groupPrograms(opened: readonly OpenedProgram[]): Group[] | undefined {
  const groups: Group[] = []
  for (let i = 0; i < opened.length;) {
    const invoked = opened[i]!
    // A script, or something that a shell then runs as one.
    while (i < opened.length - 1 && (opened[i]!.kind === 'script' || opened[i]!.kind === 'other')) i++
    const { path, key, identity, kind } = opened[i]!
    // A loader alone: the program that it belongs to was merged with an earlier record.
    if (kind === 'script' || kind === 'other' || kind === 'loader') return undefined
    i++
    const isLoaderNext = opened[i]?.kind === 'loader'
    // It was gone before it could be looked at: what follows may be another exec, or the interpreter of a script.
    if (kind === null && opened[i] !== undefined && !isLoaderNext) return undefined
    if (isLoaderNext && kind !== 'static') i++
    groups.push({ program: { path, key, identity, invoked: invoked.path }, end: i })
  }
  return groups
}
