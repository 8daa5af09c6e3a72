import { listDescriptors, listProcesses, readProcess, readProcessLink } from './procfs.js'

interface Descriptor {
  readonly pid: number
  readonly fd: string
}

const O_ACCMODE = 0o3
const O_PATH = 0o10000000

/** Who holds a file open, by /proc/PID/fd. fsflow itself is never among them. */
export class ProcfsHolders {
  readonly #maxAge: number
  #scannedAt = -Infinity
  #byPath = new Map<string, Descriptor[]>()

  /** `maxAge`: milliseconds for which one scan of all processes serves. */
  constructor(maxAge: number) {
    this.#maxAge = maxAge
  }

  /**
   * The processes that have the file of this raw path open, for writing only if so asked. A process that has
   * opened it since the last scan may be missing; one that has closed it is not among them.
   */
  find(path: string, writing: boolean): number[] {
    const now = performance.now()
    if (now - this.#scannedAt > this.#maxAge) {
      this.#scan()
      this.#scannedAt = performance.now()
    }
    const pids = new Set<number>()
    for (const { pid, fd } of this.#byPath.get(path) ?? []) {
      const still = readProcessLink(pid, `fd/${fd}`, 'latin1') === path
      if (still && (!writing || isForWriting(pid, fd))) pids.add(pid)
    }
    return [...pids]
  }

  #scan(): void {
    this.#byPath = new Map()
    for (const pid of listProcesses()) {
      if (pid === process.pid) continue
      for (const fd of listDescriptors(pid) ?? []) {
        const target = readProcessLink(pid, `fd/${fd}`, 'latin1')
        if (target?.startsWith('/') !== true) continue
        const known = this.#byPath.get(target)
        if (known === undefined) this.#byPath.set(target, [{ pid, fd }])
        else known.push({ pid, fd })
      }
    }
  }
}

function isForWriting(pid: number, fd: string): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readProcess(pid, `fdinfo/${fd}`, 4096) ?? '')?.[1]
  if (flags === undefined) return false
  const bits = parseInt(flags, 8)
  return (bits & O_PATH) === 0 && (bits & O_ACCMODE) !== 0
}
