import { EACCES } from '../../src/linux/errno.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { SimulatedError } from '../../src/testing/simulatedError.js'
import { SimulatedFilesystem } from '../../src/testing/simulatedFilesystem.js'
import { Disorder } from './Disorder.js'
import { linkedFaults } from './linkedTree.js'
import type { InotifyRecord } from '../../src/watching/port.js'
import { isDirectoryCode } from '../../src/watching/ToldEntries.js'
import { Watcher } from '../../src/watching/Watcher.js'

/** One system call of somebody who works in the filesystem. */
export type Operation =
  | { readonly call: 'mkdir' | 'mknod' | 'append' | 'unlink' | 'rmdir'; readonly path: string }
  /** Of a symlink, `to` is what it leads to; of chmod, the mode in octal. */
  | { readonly call: 'rename' | 'exchange' | 'symlink' | 'chmod'; readonly path: string; readonly to: string }

/** What the scheduler lets happen next. */
export type Step =
  /** Somebody does something. */
  | { readonly do: Operation }
  /** The watching code gets records, as many as this. */
  | { readonly read: number }
  /** A thread takes so many records out of the kernel's queue, which the watching code gets later. */
  | { readonly drain: number }
  /** The same just before the next system call of the watching code. */
  | { readonly drainInside: number }
  /** Somebody does something just before the next system call of the watching code. */
  | { readonly inside: Operation }
  /** The same, and another processor queues what it did before its own record, or after: see `Disorder`. */
  | { readonly late: Operation }
  | { readonly early: Operation }
  /** Another machine does something: nothing is told of it. */
  | { readonly remote: Operation }
  /** It is looked for what was not told. */
  | { readonly look: true }

export interface SimulationOptions {
  /** What is there before the watch starts, parents before children; directories end in a slash. */
  readonly tree?: readonly string[]
  readonly maxQueuedEvents?: number
  readonly maxWatches?: number
  readonly followSymlinks?: boolean
  /** Rights are taken away; in the end they are given back. */
  readonly locks?: boolean
  /** Not all changes give records. */
  readonly blind?: boolean
  /**
   * The steps begin while the first crawl is under way. The consumer then starts with what the watcher has
   * found, since a listing of its own at MONITOR_START would be ahead of the events.
   */
  readonly fromTheStart?: boolean
  /** A watcher that is broken on purpose: new directories are not followed. */
  readonly withoutFollowing?: boolean
  /** Gets what was told, and counts the renames that repairs have told. */
  readonly report?: { renamed: number; events: readonly string[] }
}

export const ROOT = '/w'
export const OUTSIDE = '/o'
const MANY_CALLS = 20_000

export function perform(fs: SimulatedFilesystem, operation: Operation): void {
  try {
    switch (operation.call) {
      case 'mkdir':
        fs.mkdir(operation.path)
        break
      case 'mknod':
        fs.mknod(operation.path)
        break
      case 'append':
        fs.appendFile(operation.path, 'x')
        break
      case 'unlink':
        fs.unlink(operation.path)
        break
      case 'rmdir':
        fs.rmdir(operation.path)
        break
      case 'rename':
        fs.rename(operation.path, operation.to)
        break
      case 'symlink':
        fs.symlink(operation.to, operation.path)
        break
      case 'chmod':
        fs.chmod(operation.path, parseInt(operation.to, 8))
        break
      case 'exchange':
        fs.exchange(operation.path, operation.to)
        break
    }
  } catch (error) {
    // Most calls do not apply to the tree as it is.
    if (!(error instanceof SimulatedError)) throw error
  }
}

/** The same, unless it would make the file: a birth is queued in the order in which it happens. */
function performOn(fs: SimulatedFilesystem, operation: Operation): void {
  if (fs.exists(operation.path)) perform(fs, operation)
}

/** Applies raw events to a state and says what a right stream never does. */
export class Consumer {
  readonly state: Map<string, boolean>
  readonly faults: string[] = []
  readonly log: string[] = []
  readonly #moving = new Map<number, [string, boolean][]>()
  /** Which inode each name is, where it is known: it was there at the start, and has been followed since. */
  readonly #inodes = new Map<string, string>()
  readonly #movingInodes = new Map<number, string>()
  /** Names that a repair has told to be renamed, with their inodes, until something else is told of them. */
  readonly renamed = new Map<string, string>()
  /** After an overflow the state is made good piece by piece: until it is, the order is not judged. */
  judging = true

  constructor(
    listing: ReadonlyMap<string, boolean>,
    inodeOf: (path: string) => string,
    readonly links: boolean,
  ) {
    this.state = new Map(listing)
    this.#learn(inodeOf)
  }

  overflow(): void {
    // What the repair before has compared goes on under its name, also where that is another inode by now.
    if (!this.judging) this.#inodes.clear()
    this.judging = false
    this.renamed.clear()
  }

  /** `inodeOf` when the disk is where the stream is. */
  recovered(inodeOf: ((path: string) => string) | undefined): void {
    this.judging = true
    // Under each name may be another inode by now, without a word.
    this.#inodes.clear()
    if (inodeOf !== undefined) this.#learn(inodeOf)
  }

  #learn(inodeOf: (path: string) => string): void {
    for (const path of this.state.keys()) this.#inodes.set(path, inodeOf(path))
  }

  apply(mask: number, path: string, cookie: number, synthetic: boolean): void {
    this.#follow(mask, path, cookie, synthetic)
    const isDirectory = (mask & IN.ISDIR) !== 0
    const told = this.state.get(path)
    const parent = path.slice(0, path.lastIndexOf('/'))
    // What is below a link is told under its path.
    const isPlace = this.links ? this.state.has(parent) : this.state.get(parent) === true
    if (this.judging && parent !== ROOT && !isPlace) {
      this.faults.push(`event below ${parent}, which is not there: ${path}`)
    }
    if ((mask & IN.CREATE) !== 0) {
      if (this.judging && told !== undefined) this.faults.push(`born twice: ${path}`)
      this.state.set(path, isDirectory)
    } else if ((mask & IN.MOVED_TO) !== 0) {
      if (this.#below(path).length > 0) this.faults.push(`replaced before what is in it was gone: ${path}`)
      this.state.set(path, isDirectory)
      for (const [below, directory] of this.#moving.get(cookie) ?? []) this.state.set(path + below, directory)
    } else if (this.judging && told !== isDirectory) {
      this.faults.push(`not there as told: ${path}`)
    }
    if ((mask & IN.MOVED_FROM) !== 0) {
      const below = this.#below(path)
      this.#moving.set(
        cookie,
        below.map((key) => [key.slice(path.length), this.state.get(key)!]),
      )
    }
    if ((mask & (IN.MOVED_FROM | IN.DELETE)) !== 0) {
      if (this.judging && (mask & IN.DELETE) !== 0 && this.#below(path).length > 0) {
        this.faults.push(`deleted before what is in it: ${path}`)
      }
      this.#drop(path)
    }
  }

  /** A root is not there any more, and all that was in it. */
  lost(root: string): void {
    this.#drop(root)
  }

  #follow(mask: number, path: string, cookie: number, synthetic: boolean): void {
    const moved = this.#movingInodes.get(cookie)
    if ((mask & IN.MOVED_TO) === 0 || !synthetic || moved === undefined) this.renamed.delete(path)
    else this.renamed.set(path, moved)
    if ((mask & IN.MOVED_FROM) !== 0 && this.#inodes.has(path)) {
      this.#movingInodes.set(cookie, this.#inodes.get(path)!)
    }
    if ((mask & (IN.MOVED_FROM | IN.DELETE | IN.CREATE)) !== 0) this.#inodes.delete(path)
  }

  #drop(path: string): void {
    this.state.delete(path)
    for (const below of this.#below(path)) {
      this.state.delete(below)
      this.#inodes.delete(below)
      this.renamed.delete(below)
    }
  }

  #below(path: string): string[] {
    return [...this.state.keys()].filter((key) => key.startsWith(`${path}/`))
  }
}

/** What the watcher has told, or would have, by its own memory. */
function found(watcher: Watcher): Map<string, boolean> {
  const state = new Map<string, boolean>()
  const pending = [...watcher.table.roots]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const [name, code] of node.entries ?? []) {
      state.set(watcher.table.entryPath(node, name), isDirectoryCode(code))
      const child = node.children?.get(name)
      if (child !== undefined) pending.push(child)
    }
  }
  return state
}

export function listing(fs: SimulatedFilesystem): Map<string, boolean> {
  return new Map([...fs.tree(ROOT)].map(([path, type]) => [path, type === 'directory']))
}

/**
 * Runs the watching code on a simulated kernel, step by step as told, then lets it come to rest. Returns what
 * was wrong, in words; nothing when all was right.
 */
export function simulateWatcher(steps: readonly Step[], options: SimulationOptions = {}): string[] {
  // More than a clock tick between any two changes, so that births can be told from listings.
  let clock = 1_000_000
  const fs = new SimulatedFilesystem({ now: () => (clock += 50_000) })
  fs.mkdir(ROOT)
  fs.mkdir(OUTSIDE)
  for (const path of options.tree ?? []) {
    if (path.endsWith('/')) fs.mkdirp(path.slice(0, -1))
    else fs.mknod(path)
  }
  const inodeOf = (path: string): string => {
    if (!fs.exists(path)) return 'none'
    const { ino, bornAt } = fs.lstat(path)
    return `${ino} ${bornAt}`
  }
  const waiting: (() => void)[] = []
  let calls = 0
  const kernel = fs.inotify({
    maxQueuedEvents: options.maxQueuedEvents ?? 16_384,
    maxWatches: options.maxWatches ?? Infinity,
    entriesPerGetdents: 2,
    beforeCall: () => {
      if (++calls > MANY_CALLS) throw new Error('does not come to rest')
      waiting.shift()?.()
    },
  })
  let consumer: Consumer | undefined
  const outcome = { stopped: false }
  const watcher: Watcher = new Watcher(
    kernel,
    {
      event(mask, node, name, cookie, _readAt, synthetic) {
        const path = watcher.table.entryPath(node, name)
        consumer!.log.push(`${mask.toString(16)} ${path}${synthetic ? ' (synthetic)' : ''}`)
        if (name === '') return
        consumer!.apply(mask, path, cookie, synthetic)
        const arrives = (mask & (IN.CREATE | IN.MOVED_TO)) !== 0 && (mask & IN.ISDIR) !== 0
        if (arrives && options.withoutFollowing !== true) watcher.follow(node, name)
      },
      ready() {
        consumer = new Consumer(found(watcher), inodeOf, options.followSymlinks === true)
      },
      overflow: () => consumer!.overflow(),
      recovered: ({ renamed }) => {
        if (options.report !== undefined) options.report.renamed += renamed
        consumer!.recovered(queue.length === 0 ? inodeOf : undefined)
      },
      problem: ({ errno }) => {
        if (options.locks !== true || errno !== EACCES) consumer?.faults.push(`problem ${errno}`)
      },
      polling: (node) => {
        if (options.maxWatches === undefined) consumer?.faults.push(`polling ${watcher.table.pathOf(node)}`)
      },
      watchedAgain: () => undefined,
      blind: (node) => {
        if (options.blind !== true) consumer?.faults.push(`blind ${watcher.table.pathOf(node)}`)
      },
      alias: (node) => consumer?.faults.push(`alias ${watcher.table.pathOf(node)}`),
      stopped: () => (outcome.stopped = true),
    },
    {
      // A kind for which watches are added twice, as long as the start is what is tried.
      mask: IN.MODIFY | IN.CLOSE_WRITE | IN.ATTRIB | (options.fromTheStart === true ? IN.OPEN : 0),
      prune: () => false,
      repair: true,
      pollBeyondLimit: options.maxWatches !== undefined,
      followSymlinks: options.followSymlinks === true,
      blindFilesystem: () => (options.blind === true ? 'nfs' : undefined),
      mounts: { places: () => [], accept: () => undefined },
      queueLimit: options.maxQueuedEvents ?? 16_384,
    },
  )
  const queue = new Disorder(kernel)
  const push = (records: InotifyRecord[]) => {
    if (records.length > 0) watcher.push(records, clock)
  }
  watcher.start([{ path: ROOT, only: undefined, recursive: true, mayBeMissing: false }], clock)
  const comeToRest = () => {
    for (let rounds = 0; rounds < 1000; rounds++) {
      if (queue.length > 0) push(queue.read())
      else if (watcher.isWaiting) watcher.expireWait()
      else return
    }
  }
  if (options.fromTheStart !== true) comeToRest()
  for (const step of steps) {
    if ('do' in step) queue.do(() => perform(fs, step.do))
    else if ('late' in step) queue.late(() => performOn(fs, step.late))
    else if ('early' in step) queue.early(() => performOn(fs, step.early))
    else if ('inside' in step) waiting.push(() => perform(fs, step.inside))
    else if ('drain' in step) queue.drain(step.drain)
    else if ('drainInside' in step) waiting.push(() => queue.drain(step.drainInside))
    else if ('remote' in step) kernel.remotely(() => perform(fs, step.remote))
    else if ('look' in step) watcher.look(clock)
    else push(queue.read(step.read))
  }
  waiting.length = 0
  if (options.locks === true) {
    const unlock = [...listing(fs)].filter(([, isDirectory]) => isDirectory)
    for (const [path] of [...unlock, [ROOT]]) fs.chmod(path, 0o755)
  }
  comeToRest()
  // Twice: what is found in the first cycle is looked at in the second one.
  for (let cycles = 0; cycles < 3 && watcher.needsLooks;) {
    if (watcher.look(clock)) cycles++
    comeToRest()
  }
  watcher.stop()
  comeToRest()

  const diskFaults = ({ state, renamed }: Consumer): string[] => {
    const wrong: string[] = []
    const disk = listing(fs)
    for (const [path, isDirectory] of disk) {
      if (state.get(path) !== isDirectory) wrong.push(`missing: ${path}`)
    }
    for (const [path, inode] of renamed) {
      if (disk.has(path) && inodeOf(path) !== inode) wrong.push(`told as renamed, but another inode: ${path}`)
    }
    for (const path of state.keys()) if (!disk.has(path)) wrong.push(`too much: ${path}`)
    const directories = [...disk.values()].filter(Boolean).length + 1
    const watches = Math.min(directories, options.maxWatches ?? Infinity)
    if (kernel.watches !== watches) wrong.push(`${kernel.watches} watches for ${directories} directories`)
    return wrong
  }
  if (consumer === undefined) return ['never ready']
  if (options.report !== undefined) options.report.events = consumer.log
  const faults = [...consumer.faults]
  if (!outcome.stopped) faults.push('did not come to rest')
  if (options.followSymlinks === true) faults.push(...linkedFaults(fs, ROOT, consumer.state))
  else faults.push(...diskFaults(consumer))
  for (const [wd, path] of kernel.watchedPaths()) {
    const node = watcher.table.byWd(wd)
    if (options.followSymlinks === true && node?.isLinked === true) continue
    if (node === undefined || watcher.table.pathOf(node) !== path)
      faults.push(`watch ${wd} is not known as ${path}`)
  }
  if (faults.length > 0) faults.push(`events:\n  ${consumer.log.join('\n  ')}`)
  return faults
}
