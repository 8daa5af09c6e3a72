// The body of the drain worker: the one thing it does is to keep the kernel's queue empty.
import { parentPort, workerData } from 'node:worker_threads'
import { nowMicros } from './clock.js'
import { drainState, type DrainData, type DrainMessage } from './drainProtocol.js'
import { EAGAIN, EINTR } from './errno.js'
import { libc } from './libc.js'

const POLLIN = 1
const BUFFER_BYTES = 65_536
// A terminated worker cannot be interrupted inside poll(2), and 'exit' hooks do not run in a worker that is
// itself terminated: without this bound, ending a thread that uses fsflow could hang for ever.
const POLL_TIMEOUT_MS = 500
// After a large read more is on its way: a short nap lets it gather, and costs a quarter of the CPU.
const NAP_AFTER_BYTES = 1024
const NAP_MS = 1

const { inotifyFd, eventFd, shared, backlogBytes } = workerData as DrainData
const state = new Int32Array(shared)
const c = libc()
const buffer = new Uint8Array(BUFFER_BYTES)

const polled = new Uint8Array(16)
const pollView = new DataView(polled.buffer)
pollView.setInt32(0, inotifyFd, true)
pollView.setInt16(4, POLLIN, true)
pollView.setInt32(8, eventFd, true)
pollView.setInt16(12, POLLIN, true)

function send(message: DrainMessage): void {
  parentPort!.postMessage(message, message.buffer === undefined ? [] : [message.buffer])
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

/** Returns how many bytes were read; 0 when there was nothing, -1 when the descriptor is broken. */
function readBatch(): number {
  const count = c.read(inotifyFd, buffer, BUFFER_BYTES)
  if (count > 0) {
    Atomics.add(state, drainState.unhandled, count)
    send({ buffer: buffer.buffer.slice(0, count), readAt: nowMicros() })
    return count
  }
  const errno = count < 0 ? c.errno() : 0
  if (errno === EAGAIN || errno === EINTR || errno === 0) return 0
  send({ errno, call: 'read' })
  return -1
}

while (!stopped()) {
  awaitRoom()
  const ready = c.poll(polled, 2, POLL_TIMEOUT_MS)
  if (ready < 0) {
    const errno = c.errno()
    if (errno === EINTR) continue
    send({ errno, call: 'poll' })
    break
  }
  if (ready === 0 || pollView.getInt16(6, true) === 0) continue
  const count = readBatch()
  if (count < 0) break
  if (count >= NAP_AFTER_BYTES) Atomics.wait(state, drainState.stop, 0, NAP_MS)
}
