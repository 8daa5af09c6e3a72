// The body of the drain worker: the one thing it does is to keep the kernel's queues empty.
import { parentPort, workerData } from 'node:worker_threads'
import { nowMicros } from './clock.js'
import { drainState, type DrainData, type DrainMessage, type FeedRead } from './drainProtocol.js'
import { EAGAIN, EINTR, ENOBUFS } from './errno.js'
import { libc } from './libc.js'
import { snapshotExecs } from './processes/execSnapshots.js'

const POLLIN = 1
const POLLPRI = 2
const POLLFD_BYTES = 8
const BUFFER_BYTES = 65_536
// A feed gives one message a read; less room than this could cut one off.
const FEED_ROOM = 8192
// A terminated worker cannot be interrupted inside poll(2), and 'exit' hooks do not run in a worker that is
// itself terminated: without this bound, ending a thread that uses fsflow could hang for ever.
const POLL_TIMEOUT_MS = 500
// In the main thread the hooks run, but for who calls process.reallyExit(): at rest, next to no CPU is used.
const POLL_TIMEOUT_IN_MAIN_MS = 30_000
// While more than this comes in a millisecond, some 30,000 records a second, naps let them gather: one large read
// instead of many small ones costs a quarter of the CPU, and a fifth less once more at 4 ms than at 1 ms. The naps grow
// until what has gathered is worth a read, but is a small part of what the kernel's queue holds.
const BUSY_BYTES_A_MS = 1024
const LONGEST_NAP_MS = 4
const ENOUGH_BYTES = 16_384
const TOO_MANY_BYTES = 32_768

const PRIO_PROCESS = 0
const THIS_THREAD = 0
const NICENESS = -10

const { fds, execFeed, eventFd, mountsFd, shared, backlogBytes, isMain } = workerData as DrainData
const [mainFd] = fds as readonly [number, ...number[]]
const state = new Int32Array(shared)
const c = libc()
const buffer = new Uint8Array(BUFFER_BYTES)
const empty = new ArrayBuffer(0)

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

function send(message: DrainMessage): void {
  if (message.kind !== 'turn') {
    parentPort!.postMessage(message)
    return
  }
  const transfer = message.buffer === empty ? [] : [message.buffer]
  if (message.feeds !== undefined) for (const feed of message.feeds) transfer.push(feed.buffer)
  parentPort!.postMessage(message, transfer)
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

const broken = new Set<number>()

/** Reads all that a feed has; several messages, one behind the other, in one buffer. */
function readFeed(feed: number, reads: FeedRead[]): void {
  while (!broken.has(feed)) {
    let filled = 0
    let errno = 0
    while (filled + FEED_ROOM <= BUFFER_BYTES) {
      const count = c.read(fds[feed]!, filled === 0 ? buffer : buffer.subarray(filled), BUFFER_BYTES - filled)
      if (count <= 0) {
        errno = count < 0 ? c.errno() : EAGAIN
        if (errno === EINTR) continue
        break
      }
      filled += count
    }
    const failed = errno === EAGAIN ? 0 : errno
    if (filled > 0 || failed !== 0) {
      const messages = buffer.buffer.slice(0, filled)
      const execs = feed === execFeed ? snapshotExecs(messages) : []
      reads.push({ feed: feed - 1, buffer: messages, errno: failed, execs })
    }
    if (failed !== 0 && failed !== ENOBUFS) {
      broken.add(feed)
      // A descriptor below 0 is left out by poll(2).
      pollView.setInt32(feed * POLLFD_BYTES, -1, true)
    }
    if (errno !== 0) return
  }
}

// What was read of the feed of execs during a nap: it belongs to the next turn.
let early: FeedRead[] = []

let napMs = 0
let gathered = 0
let gatheredSince = 0

/** How long to let events gather after a read of so many bytes at this time; 0 where that would only delay them. */
function napAfter(bytes: number, now: number): number {
  gathered += bytes
  const ms = now - gatheredSince
  if (napMs === 0 && gathered < BUSY_BYTES_A_MS && ms < 1) return 0
  const isBusy = gathered >= BUSY_BYTES_A_MS * ms
  gathered = 0
  gatheredSince = now
  if (!isBusy) return 0
  if (bytes < ENOUGH_BYTES) return Math.min(Math.max(1, napMs * 2), LONGEST_NAP_MS)
  return bytes < TOO_MANY_BYTES ? Math.max(1, napMs) : Math.floor(napMs / 2)
}

/** Lets events gather. Processes that execute something do not wait: they are looked at as long as they live. */
function nap(ms: number): void {
  if (execFeed < 0) {
    Atomics.wait(state, drainState.stop, 0, ms)
    return
  }
  const end = performance.now() + ms
  for (let left = ms; left > 0 && !stopped(); left = end - performance.now()) {
    napView.setInt32(0, broken.has(execFeed) ? -1 : fds[execFeed]!, true)
    if (c.poll(napPolled, 1, Math.ceil(left)) > 0) readFeed(execFeed, early)
  }
}

/** Returns how many bytes were read; 0 when there was nothing, -1 when the descriptor is broken. */
function readTurn(): number {
  const count = c.read(mainFd, buffer, BUFFER_BYTES)
  const errno = count < 0 ? c.errno() : 0
  if (count < 0 && errno !== EAGAIN && errno !== EINTR) {
    send({ kind: 'failure', errno, call: 'read' })
    return -1
  }
  const bytes = Math.max(count, 0)
  const events = bytes === 0 ? empty : buffer.buffer.slice(0, bytes)
  let feeds: FeedRead[] | undefined
  let total = bytes
  if (fds.length > 1) {
    feeds = early
    early = []
    for (let feed = 1; feed < fds.length; feed++) readFeed(feed, feeds)
    for (const read of feeds) total += read.buffer.byteLength
    if (feeds.length === 0) feeds = undefined
  }
  if (bytes === 0 && feeds === undefined) return 0
  Atomics.add(state, drainState.unhandled, total)
  send({ kind: 'turn', buffer: events, readAt: nowMicros(), feeds })
  return total
}

const isReady = (index: number) => pollView.getInt16(index * POLLFD_BYTES + 6, true) !== 0
const isAnyReady = () => fds.some((_, index) => isReady(index))

// The kernel's queue holds a fraction of a second of events, so on a busy machine this thread must not wait for its
// turn. Only root may say so; see setpriority(2).
c.setpriority(PRIO_PROCESS, THIS_THREAD, NICENESS)

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
  napMs = napAfter(count, performance.now())
  if (napMs > 0) nap(napMs)
}
