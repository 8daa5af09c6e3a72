import type { EventProcess } from '../../events/index.js'
import { asleepMillis, bootMillis, monotonicMillis } from '../bootTime.js'
import type { HandleKey } from '../fanotify/HandleRecord.js'
import { listProcesses, readProcessLink, readStat } from '../procfs.js'
import { userDatabase } from '../userDatabase.js'
import type { ProcEvent } from './decodeProcEvents.js'
import type { OpenedProgram } from './ExecGroup.js'
import { ExecLog } from './ExecLog.js'
import type { ExecSnapshot } from './execSnapshots.js'
import { ExitedProcesses } from './ExitedProcesses.js'
import { commonImage, completedImage, executedImage, imageOf, isWhole } from './images.js'
import type { LatestExecs } from './LatestExecs.js'
import { readProcessFacts, readProcessIds, type ProcessFacts } from './readProcessFacts.js'
import { ProcessAtEvent, TrackedProcess, unknownImage, type ProcessImage } from './TrackedProcess.js'

// /proc tells the start in steps of 10 ms, the fork is told a little later. No number is given out again so soon.
const START_TOLERANCE_MS = 250

/**
 * All processes, by number and start: what /proc told of them at the beginning, and what the kernel has told since.
 *
 * A child is what its parent was when it forked, until it executes something. What could not be known is `null`.
 */
export class ProcessTable {
  #byPid = new Map<number, TrackedProcess>()
  readonly #log = new ExecLog()
  readonly #exited = new ExitedProcesses((process) => {
    if (this.#byPid.get(process.pid) === process) this.#byPid.delete(process.pid)
  })
  #snapshots: readonly ExecSnapshot[] = []
  #turn = 0
  #readAt = NaN
  readonly #isOrdered: boolean
  readonly #latest: LatestExecs

  /** `isOrdered`: the events tell of each exec in its place, by `opens`. */
  constructor(isOrdered: boolean, latest: LatestExecs) {
    this.#isOrdered = isOrdered
    this.#latest = latest
  }

  get size(): number {
    return this.#byPid.size
  }

  /** Reads all processes from /proc: at the beginning, and anew when messages were lost. */
  scan(): void {
    const before = this.#byPid
    this.#byPid = new Map()
    const parents = new Map<TrackedProcess, number>()
    for (const pid of listProcesses()) {
      const read = this.#read(pid)
      if (read !== undefined) parents.set(read.process, read.facts.ppid)
    }
    for (const [process, ppid] of parents) {
      const known = before.get(process.pid)
      const parent = this.#byPid.get(ppid)
      if (known !== undefined && isSameStart(known.startedAt, process.startedAt))
        process.parent = known.parent
      else if (parent !== undefined) process.bornOf(parent)
    }
  }

  /** What follows was read in the turn of this time: to be called before anything of it is applied or asked. */
  enterTurn(readAt: number): void {
    if (readAt === this.#readAt) return
    this.#readAt = readAt
    this.#turn++
  }

  /** Files that were opened to be executed. They come before the messages of the same turn. */
  addPrograms(programs: readonly OpenedProgram[]): void {
    this.#log.add(programs)
  }

  /** Messages of the proc connector, in their order, and what was seen of the processes right after. */
  apply(events: readonly ProcEvent[], snapshots: readonly ExecSnapshot[] = []): void {
    this.#snapshots = snapshots
    const asleep = asleepMillis()
    for (const event of events) {
      if (event.kind === 'fork') this.#fork(event.pid, event.parent, event.at, event.at + asleep)
      else if (event.kind !== 'answer') this.#change(event)
    }
    const last = events.at(-1)
    if (last !== undefined) this.#latest.settle(last.at)
    this.#exited.evict(monotonicMillis())
  }

  #fork(pid: number, parentPid: number, at: number, startedAt: number): void {
    const known = this.#byPid.get(pid)
    if (known !== undefined && at < known.readTo && isSameStart(known.startedAt, startedAt)) return
    const parent = this.#byPid.get(parentPid)
    // What was read of the parent after the fork may be what it became since.
    const isInherited = parent !== undefined && at >= parent.readTo
    const process = new TrackedProcess(pid, startedAt, isInherited ? parent.image : unknownImage)
    if (parent !== undefined) process.bornOf(parent)
    this.#byPid.set(pid, process)
  }

  #change(event: Exclude<ProcEvent, { kind: 'fork' | 'answer' }>): void {
    const process = this.#byPid.get(event.pid)
    if (process === undefined || event.at < process.readFrom) {
      if (event.kind === 'exec' || event.kind === 'exit') this.#log.forget(event.pid)
      return
    }
    switch (event.kind) {
      case 'exec':
        this.#exec(process, event.at)
        return
      case 'uid':
        process.change({ uid: event.effective }, this.#turn)
        return
      case 'gid':
        process.change({ gid: event.effective }, this.#turn)
        return
      case 'comm':
        process.change({ name: event.name, isNameInferred: false }, this.#turn)
        return
      case 'exit':
        process.exit = { turn: this.#turn, parent: event.parent }
        this.#log.forget(event.pid)
        this.#exited.add(process, event.at)
    }
  }

  #exec(process: TrackedProcess, at: number): void {
    process.execAt = at
    // Executed by a thread that was not the first: the first one's end was not that of the process.
    process.exit = null
    // Further ones that are not applied yet: the files that they opened may be known already.
    const later = this.#latest.since(process.pid, at)
    const program = this.#log.exec(process.pid, later)
    const facts = this.#snapshotOf(process, at) ?? (later === 0 ? this.#provenFacts(process) : null)
    process.change(executedImage(process.image, program, facts), this.#turn)
  }

  /** What was seen right after an exec, unless it may be of a later one. */
  #snapshotOf({ pid }: TrackedProcess, at: number): ProcessFacts | undefined {
    const snapshot = this.#snapshots.find((one) => one.pid === pid && one.at === at)
    if (snapshot?.facts.exePath == null || snapshot.facts.cmdline === null) return undefined
    return this.#latest.between(pid, at, snapshot.readTo) > 0 ? undefined : snapshot.facts
  }

  /**
   * What is known of a process now, as of the last turn that was applied; `undefined` when nothing is. Reads what
   * only /proc tells: to be called when the events of a process are handled, once for a batch of them.
   */
  identify(pid: number): EventProcess | undefined {
    const process = this.#byPid.get(pid) ?? this.#adopt(pid)
    if (process === undefined) return undefined
    let cwd: string | null = null
    let state: ProcessState | null = null
    if (process.exit === null) {
      cwd = readProcessLink(pid, 'cwd')
      state = isWhole(process.image) ? this.#stateOf(process) : this.#complete(process)
    }
    const image = this.#imageAtEvent(process)
    return new ProcessAtEvent(
      {
        pid,
        ppid: this.#ppid(process, state),
        name: image.name,
        exePath: image.exePath,
        cmdline: image.cmdline,
        cwd: state === null ? null : cwd,
        uid: image.uid,
        gid: image.gid,
        username: image.uid === null ? null : userDatabase.userName(image.uid),
        state: state?.state ?? null,
        startTime: new Date(bootMillis() + process.startedAt).toISOString(),
        ...(image.isNameInferred && { inferred: ['name'] as const }),
        resolution: state === null ? 'cache' : 'live',
      },
      process.parent,
    )
  }

  /** Fills in from /proc what is not known of a process that is there, and tells its state. */
  #complete(process: TrackedProcess): ProcessState | null {
    const ids = process.image.uid === null ? readProcessIds(process.pid) : undefined
    const facts = this.#factsOf(process)
    const proven = facts === null ? null : this.#proven(process, facts)
    if (proven !== null) process.image = completedImage(process.image, proven, ids)
    return facts
  }

  /** What only a process that is there has; `null` when its number has gone to another one, too. */
  #stateOf({ pid, startedAt }: TrackedProcess): ProcessState | null {
    const stat = readStat(pid)
    return stat !== null && isSameStart(stat.startSeconds * 1000, startedAt) ? stat : null
  }

  /** An event's record tells that a process opened a file to execute it. */
  opens(pid: number, key: HandleKey): void {
    this.#byPid.get(pid)?.opens(key)
  }

  /** What the process was at the event that is handled now. */
  #imageAtEvent(process: TrackedProcess): ProcessImage {
    return this.#isOrdered ? commonImage(process.imagesAtEvent(this.#turn)) : process.image
  }

  /** The facts, unless they may be of a program that is executed after the last exec that was applied. */
  #proven(process: TrackedProcess, facts: ProcessFacts): ProcessFacts | null {
    if (facts.exePath !== null && facts.cmdline === null) return null
    return this.#latest.since(process.pid, process.execAt) > 0 ? null : facts
  }

  #provenFacts(process: TrackedProcess): ProcessFacts | null {
    const facts = this.#factsOf(process)
    return facts === null ? null : this.#proven(process, facts)
  }

  #ppid({ parent, exit }: TrackedProcess, state: ProcessState | null): number | null {
    if (parent === null) return state?.ppid ?? exit?.parent ?? null
    const { pid, exit: parentExit } = parent.process
    if (parentExit === null || exit?.parent === pid) return pid
    // Its children get another parent: whether that was before the event is not known yet in the same turn.
    return parentExit.turn === this.#turn ? null : (state?.ppid ?? exit?.parent ?? null)
  }

  /** A process that was not told of: it is older than the messages, or they were lost. */
  #adopt(pid: number): TrackedProcess | undefined {
    const read = this.#read(pid)
    if (read === undefined) return undefined
    const parent = this.#byPid.get(read.facts.ppid)
    if (parent !== undefined) read.process.bornOf(parent)
    return read.process
  }

  #read(pid: number): { readonly process: TrackedProcess; readonly facts: ProcessFacts } | undefined {
    const from = monotonicMillis()
    const ids = readProcessIds(pid)
    const facts = readProcessFacts(pid)
    if (facts === null) return undefined
    const process = new TrackedProcess(pid, facts.startedAt, imageOf(facts, ids), from, monotonicMillis())
    this.#byPid.set(pid, process)
    return { process, facts }
  }

  /** What /proc tells of the process; `null` when it has ended, also if its number has gone to another one. */
  #factsOf({ pid, startedAt }: TrackedProcess): ProcessFacts | null {
    const facts = readProcessFacts(pid)
    return facts !== null && isSameStart(facts.startedAt, startedAt) ? facts : null
  }
}

type ProcessState = Pick<ProcessFacts, 'ppid' | 'state'>

function isSameStart(a: number, b: number): boolean {
  return Math.abs(a - b) <= START_TOLERANCE_MS
}
