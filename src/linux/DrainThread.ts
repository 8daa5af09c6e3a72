import { closeSync, openSync, writeSync } from 'node:fs'
import { isMainThread, Worker } from 'node:worker_threads'
import { FsflowError } from '../errors/index.js'
import { drainState, type DrainData, type DrainMessage, type FeedRead } from './drainProtocol.js'
import { EMFILE, ENFILE, errnoName } from './errno.js'
import { libc } from './libc.js'
import type { ExecSnapshot } from './processes/execSnapshots.js'
import { descriptorHint } from './systemError.js'
import { TurnReader } from './TurnReader.js'
import { SHARED_BYTES, TurnSlot } from './TurnSlot.js'

const EFD_CLOEXEC = 0o2000000
const EFD_NONBLOCK = 0o4000
// As much as one read gives at most.
const BYTES_A_TURN = 65_536
// On a busy filesystem there is always more: then the worker goes on.
const FIRST_READS = 64
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])

// Node joins its threads at exit, and a thread inside poll(2) cannot be interrupted: wake them all first.
const running = new Set<DrainThread>()
let hooked = false

function hookExit(): void {
  if (hooked) return
  hooked = true
  process.on('exit', () => {
    for (const thread of running) thread.signalStop()
  })
}

export interface DrainListener {
  /** The bytes are there for the time of the call. */
  onBatch(bytes: Uint8Array, readAt: number): void
  /** Something was mounted or unmounted, see proc_pid_mountinfo(5). What was read before has been handed on. */
  onMounts?(): void
  onFailure(error: Error): void
}

/** A further descriptor that is drained along with that of the events, and tells what bears on them. */
export interface DrainFeed {
  /** Does not block. */
  readonly fd: number
  /** Its messages are those of the proc connector: the thread looks at each process that has executed something. */
  readonly tellsExecs?: boolean
  /** Whole messages, one behind the other. */
  apply(buffer: ArrayBuffer, readAt: number, execs: readonly ExecSnapshot[]): void
  /** A read failed. After ENOBUFS some messages are lost; after anything else it is no longer read. */
  failed(errno: number): void
}

export interface DrainOptions {
  /** Names the descriptor in messages. Default `inotify`. */
  readonly what?: string
  readonly feeds?: readonly DrainFeed[]
  /**
   * Before the worker does, this thread reads what there is, in its next turn: it does not wait some tens of
   * milliseconds for a thread to start. For a kernel queue without a bound, in which nothing is lost until then, and
   * without feeds, which have one. Default false.
   */
  readonly readsFirst?: boolean
  /** Milliseconds for which events gather while tens of thousands a second come. Default 1. */
  readonly napMs?: number
}

/**
 * The main thread's side of a drain worker.
 *
 * In each turn the descriptor of the events is read first and the feeds after it, in their order, and all is
 * delivered together: the feeds in the reverse order, and the events last. So when an event is handled, all that
 * the feeds had said before it happened has been applied.
 */
export class DrainThread {
  readonly #worker: Worker
  readonly #eventFd: number
  readonly #mountsFd: number
  readonly #state: Int32Array
  readonly #slot: TurnSlot
  readonly #ended: Promise<void>

  readonly #listener: DrainListener
  readonly #what: string
  readonly #feeds: readonly DrainFeed[]
  readonly #first: NodeJS.Immediate | undefined

  constructor(
    fd: number,
    backlogBytes: number,
    listener: DrainListener,
    { what = 'inotify', feeds = [], readsFirst = false, napMs = 1 }: DrainOptions = {},
  ) {
    this.#what = what
    this.#feeds = feeds
    const c = libc()
    this.#eventFd = c.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
    if (this.#eventFd < 0) {
      throw new FsflowError({ code: 'FSFLOW_KERNEL', message: `eventfd failed: ${errnoName(c.errno())}` })
    }
    this.#mountsFd = listener.onMounts === undefined ? -1 : openMounts()
    const shared = new SharedArrayBuffer(SHARED_BYTES)
    this.#state = new Int32Array(shared)
    this.#slot = new TurnSlot(shared)
    const data: DrainData = {
      fds: [fd, ...feeds.map((feed) => feed.fd)],
      execFeed: 1 + feeds.findIndex((feed) => feed.tellsExecs === true) || -1,
      eventFd: this.#eventFd,
      mountsFd: this.#mountsFd,
      shared,
      backlogBytes,
      napMs,
      isMain: isMainThread,
    }
    this.#listener = listener
    this.#worker = new Worker(new URL('./drainWorker.js', import.meta.url), {
      workerData: data,
      execArgv: [],
      name: 'fsflow-drain',
    })
    this.#worker.on(
      'message',
      byTurns((message) => this.#take(message)),
    )
    this.#worker.on('error', (cause) => {
      listener.onFailure(
        new FsflowError({
          code: 'FSFLOW_KERNEL',
          message: `the drain worker failed: ${cause.message}`,
          hint: descriptorHint(lackIn(cause.message)),
          cause,
        }),
      )
    })
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        running.delete(this)
        resolve()
      })
    })
    running.add(this)
    hookExit()
    if (readsFirst) this.#first = setImmediate(() => this.#readFirst(data))
    else this.#begin()
  }

  #readFirst(data: DrainData): void {
    const reader = new TurnReader(data)
    for (let reads = 0; reads < FIRST_READS && Atomics.load(this.#state, drainState.stop) === 0; reads++) {
      const turn = reader.read([])
      if (turn === undefined) break
      if (turn.kind === 'turn') Atomics.add(this.#state, drainState.unhandled, turn.bytes.length)
      this.#take(turn)
      if (turn.kind === 'failure') return
    }
    this.#begin()
  }

  /** Lets the worker read. */
  #begin(): void {
    Atomics.store(this.#state, drainState.begin, 1)
    Atomics.notify(this.#state, drainState.begin)
  }

  #take(message: DrainMessage): void {
    const listener = this.#listener
    if (typeof message === 'number') {
      listener.onBatch(this.#slot.bytes.subarray(0, message), this.#slot.readAt)
      this.#slot.free()
      this.#handled(message)
      return
    }
    if (message.kind === 'mounts') {
      listener.onMounts?.()
      return
    }
    if (message.kind === 'failure') {
      const text = `${message.call} on the ${this.#what} descriptor failed: ${errnoName(message.errno)}`
      listener.onFailure(new FsflowError({ code: 'FSFLOW_KERNEL', message: text }))
      return
    }
    const { bytes, readAt, feeds } = message
    const feedBytes = feeds === undefined ? 0 : this.#feed(feeds, readAt)
    if (bytes.length > 0) listener.onBatch(bytes, readAt)
    this.#handled(bytes.length + feedBytes)
  }

  #handled(bytes: number): void {
    Atomics.sub(this.#state, drainState.unhandled, bytes)
    Atomics.notify(this.#state, drainState.unhandled)
  }

  #feed(reads: readonly FeedRead[], readAt: number): number {
    let bytes = 0
    for (let feed = this.#feeds.length - 1; feed >= 0; feed--) {
      for (const read of reads) {
        if (read.feed !== feed) continue
        bytes += read.buffer.byteLength
        if (read.buffer.byteLength > 0) this.#feeds[feed]!.apply(read.buffer, readAt, read.execs)
        if (read.errno !== 0) this.#feeds[feed]!.failed(read.errno)
      }
    }
    return bytes
  }

  /** Asks the worker to end, from wherever it is. */
  signalStop(): void {
    clearImmediate(this.#first)
    Atomics.store(this.#state, drainState.stop, 1)
    Atomics.notify(this.#state, drainState.stop)
    Atomics.notify(this.#state, drainState.begin)
    Atomics.notify(this.#state, drainState.unhandled)
    writeSync(this.#eventFd, ONE)
  }

  /** Resolves when the thread is gone. Batches that it had sent before may still arrive until then. */
  async stop(): Promise<void> {
    this.signalStop()
    await this.#ended
    // By the C library, as it was opened: in a worker thread node warns of descriptors that it did not open.
    libc().close(this.#eventFd)
    if (this.#mountsFd >= 0) closeSync(this.#mountsFd)
  }
}

/** A thread that finds no descriptor says so by its message alone. */
function lackIn(message: string): number {
  if (/\bEMFILE\b/.test(message)) return EMFILE
  return /\bENFILE\b/.test(message) ? ENFILE : 0
}

function openMounts(): number {
  try {
    return openSync('/proc/self/mountinfo', 'r')
  } catch {
    return -1
  }
}

/**
 * Handles no more than so many bytes in a turn of the event loop. Node hands over all messages that have gathered at
 * once: after a pause of the main thread, whoever consumes the events would get no turn to write them away in between.
 */
function byTurns(handle: (message: DrainMessage) => void): (message: DrainMessage) => void {
  const inbox: DrainMessage[] = []
  let isBusy = false
  const turn = (): void => {
    let bytes = 0
    isBusy = inbox.length > 0
    if (isBusy) setImmediate(turn)
    while (bytes < BYTES_A_TURN) {
      const message = inbox.shift()
      if (message === undefined) return
      if (typeof message === 'number') bytes += message
      else if (message.kind === 'turn') bytes += message.bytes.length
      handle(message)
    }
  }
  return (message) => {
    inbox.push(message)
    if (!isBusy) turn()
  }
}
