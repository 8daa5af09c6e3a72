// The body of the drain worker: the one thing it does is to keep the kernel's queues empty.
import { parentPort, workerData } from 'node:worker_threads'
import { drainState, type DrainData, type DrainMessage, type FeedRead, type Turn } from './drainProtocol.js'
import { EINTR } from './errno.js'
import { libc } from './libc.js'
import { bytesOf, TurnReader } from './TurnReader.js'
import { TurnSlot } from './TurnSlot.js'

const POLLIN = 1
const POLLPRI = 2
const POLLFD_BYTES = 8
// A terminated worker cannot be interrupted inside poll(2), and 'exit' hooks do not run in a worker that is
// itself terminated: without this bound, ending a thread that uses fsflow could hang for ever.
const POLL_TIMEOUT_MS = 500
// In the main thread the hooks run, but for who calls process.reallyExit(): at rest, next to no CPU is used.
const POLL_TIMEOUT_IN_MAIN_MS = 30_000
// While more than this comes in a millisecond, some 30,000 records a second, naps let them gather: one large read
// instead of many small ones costs a quarter of the CPU.
const BUSY_BYTES_A_MS = 1024
// A read of so much has gathered enough, and is a part of what the kernel's queue holds that must not grow.
const ENOUGH_BYTES = 49_152

const PRIO_PROCESS = 0
const THIS_THREAD = 0
const NICENESS = -10

const { fds, execFeed, eventFd, mountsFd, shared, backlogBytes, napMs, isMain } = workerData as DrainData
const state = new Int32Array(shared)
const slot = new TurnSlot(shared)
const c = libc()
const reader = new TurnReader({ fds, execFeed })

const polledFds = [...fds, eventFd, mountsFd]
const polled = new Uint8Array(POLLFD_BYTES * polledFds.length)
const pollView = new DataView(polled.buffer)
for (const [index, fd] of polledFds.entries()) {
  pollView.setInt32(index * POLLFD_BYTES, fd, true)
  pollView.setInt16(index * POLLFD_BYTES + 4, fd === mountsFd ? POLLPRI : POLLIN, true)
}

const napPolled = new Uint8Array(POLLFD_BYTES)
const napView = new DataView(napPolled.buffer)
napView.setInt16(4, POLLIN, true)

function send(message: DrainMessage, transfer: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer)
}

function sendTurn(turn: Turn): void {
  if (slot.put(turn)) {
    send(turn.bytes.length)
    return
  }
  const bytes = turn.bytes.slice()
  const transfer = [bytes.buffer]
  if (turn.feeds !== undefined) for (const feed of turn.feeds) transfer.push(feed.buffer)
  send({ ...turn, bytes }, transfer)
}

const stopped = () => Atomics.load(state, drainState.stop) === 1

/** Waits while the main thread is too far behind; the kernel then reports the overflow in its own words. */
function awaitRoom(): void {
  for (;;) {
    const unhandled = Atomics.load(state, drainState.unhandled)
    if (unhandled < backlogBytes || stopped()) return
    Atomics.wait(state, drainState.unhandled, unhandled, POLL_TIMEOUT_MS)
  }
}

// What was read of the feed of execs during a nap: it belongs to the next turn.
let early: FeedRead[] = []

let isNapping = false
let gathered = 0
let gatheredSince = 0

/** Whether to let events gather after a read of so many bytes at this time, where that would not only delay them. */
function isNapWorth(bytes: number, now: number): boolean {
  gathered += bytes
  const ms = now - gatheredSince
  if (!isNapping && gathered < BUSY_BYTES_A_MS && ms < 1) return false
  const isBusy = gathered >= BUSY_BYTES_A_MS * ms
  gathered = 0
  gatheredSince = now
  return isBusy && bytes < ENOUGH_BYTES
}

/** Lets events gather. Processes that execute something do not wait: they are looked at as long as they live. */
function nap(): void {
  if (execFeed < 0) {
    Atomics.wait(state, drainState.stop, 0, napMs)
    return
  }
  const end = performance.now() + napMs
  for (let left = napMs; left > 0 && !stopped(); left = end - performance.now()) {
    napView.setInt32(0, reader.broken.has(execFeed) ? -1 : fds[execFeed]!, true)
    if (c.poll(napPolled, 1, Math.ceil(left)) > 0) reader.readFeed(execFeed, early)
  }
}

/** Returns how many bytes were read; 0 when there was nothing, -1 when the descriptor is broken. */
function readTurn(): number {
  const turn = reader.read(early)
  early = []
  // A descriptor below 0 is left out by poll(2).
  for (const feed of reader.broken) pollView.setInt32(feed * POLLFD_BYTES, -1, true)
  if (turn === undefined) return 0
  if (turn.kind === 'failure') {
    send(turn)
    return -1
  }
  const bytes = bytesOf(turn)
  Atomics.add(state, drainState.unhandled, bytes)
  sendTurn(turn)
  return bytes
}

const isReady = (index: number) => pollView.getInt16(index * POLLFD_BYTES + 6, true) !== 0
const isAnyReady = () => fds.some((_, index) => isReady(index))

// The kernel's queue holds a fraction of a second of events, so on a busy machine this thread must not wait for its
// turn. Only root may say so; see setpriority(2).
c.setpriority(PRIO_PROCESS, THIS_THREAD, NICENESS)

while (Atomics.load(state, drainState.begin) === 0 && !stopped()) {
  Atomics.wait(state, drainState.begin, 0, POLL_TIMEOUT_MS)
}

while (!stopped()) {
  awaitRoom()
  const ready = c.poll(polled, polledFds.length, isMain ? POLL_TIMEOUT_IN_MAIN_MS : POLL_TIMEOUT_MS)
  if (ready < 0) {
    const errno = c.errno()
    if (errno === EINTR) continue
    send({ kind: 'failure', errno, call: 'poll' })
    break
  }
  if (ready === 0) continue
  if (isReady(polledFds.length - 1)) send({ kind: 'mounts' })
  if (!isAnyReady()) continue
  const count = readTurn()
  if (count < 0) break
  isNapping = isNapWorth(count, performance.now())
  if (isNapping) nap()
}
