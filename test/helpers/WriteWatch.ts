import { nowMicros } from '../../src/linux/clock.js'
import { cPath } from '../../src/linux/DirectoryReader.js'
import type { DrainFeed } from '../../src/linux/DrainThread.js'
import { EAGAIN, EINTR } from '../../src/linux/errno.js'
import { decodeFanotify } from '../../src/linux/fanotify/decodeFanotify.js'
import { FAN, FAN_INIT, FAN_MARK } from '../../src/linux/fanotify/fanotifyMasks.js'
import { libc } from '../../src/linux/libc.js'
import type { EventProcess } from '../../src/events/index.js'
import type { Issue } from '../../src/contracts/index.js'
import { openProcessTracker, type ProcessTracker } from '../../src/linux/processes/openProcessTracker.js'

const FAN_EVENT_ON_CHILD = 0x0800_0000
const AT_FDCWD = -100
const POLLIN = 1
const BUFFER_BYTES = 65_536
const POLL_MS = 100

/** A file that was written and closed, and who did it. */
export interface Write {
  readonly name: string
  readonly pid: number
  readonly process: EventProcess | undefined
}

/** The least that watches a directory by fanotify and feeds a tracker in the right order, on the main thread. */
export class WriteWatch {
  readonly #c = libc()
  readonly #tracker: ProcessTracker
  readonly #fd: number
  readonly #buffer = new Uint8Array(BUFFER_BYTES)

  constructor(directory: string, report: (issue: Issue) => void) {
    const flags = FAN_INIT.CLOEXEC | FAN_INIT.NONBLOCK | FAN_INIT.UNLIMITED_QUEUE | FAN_INIT.HANDLES_AND_NAME
    this.#fd = this.#c.fanotifyInit(flags, 0)
    const mask = FAN.CLOSE_WRITE | FAN_EVENT_ON_CHILD
    if (this.#c.fanotifyMark(this.#fd, FAN_MARK.ADD, mask, AT_FDCWD, cPath(directory)) < 0) {
      throw new Error(`cannot mark ${directory}: errno ${this.#c.errno()}`)
    }
    this.#tracker = openProcessTracker(report, this.#fd)
  }

  /** Waits a little for something to happen, and tells the writes among it. */
  turn(): Write[] {
    const fds = [this.#fd, ...this.#tracker.feeds.map(({ fd }) => fd)]
    const polled = Buffer.alloc(8 * fds.length)
    for (const [index, fd] of fds.entries()) {
      polled.writeInt32LE(fd, 8 * index)
      polled.writeInt16LE(POLLIN, 8 * index + 4)
    }
    if (this.#c.poll(polled, fds.length, POLL_MS) <= 0) return []
    const events = this.#read(this.#fd).buffer
    const readAt = nowMicros()
    const reads = this.#tracker.feeds.map((feed) => ({ feed, ...this.#readAll(feed) }))
    for (const { feed, buffers, errno } of reads.reverse()) {
      for (const buffer of buffers) feed.apply(buffer, readAt)
      if (errno !== 0) feed.failed(errno)
    }
    const { records } = decodeFanotify(events)
    return records.flatMap((record) => {
      const { name, pid, mask } = record
      if ((mask & FAN.OPEN_EXEC) !== 0) this.#tracker.opens(record, readAt)
      if ((mask & FAN.CLOSE_WRITE) === 0) return []
      return [{ name, pid, process: this.#tracker.identify(pid, readAt) }]
    })
  }

  #readAll({ fd }: DrainFeed): { readonly buffers: ArrayBuffer[]; readonly errno: number } {
    const buffers: ArrayBuffer[] = []
    for (;;) {
      const { buffer, errno } = this.#read(fd)
      if (errno === EINTR) continue
      if (errno !== 0) return { buffers, errno: errno === EAGAIN ? 0 : errno }
      buffers.push(buffer)
    }
  }

  #read(fd: number): { readonly buffer: ArrayBuffer; readonly errno: number } {
    const count = this.#c.read(fd, this.#buffer, BUFFER_BYTES)
    const errno = count < 0 ? this.#c.errno() : 0
    return { buffer: this.#buffer.buffer.slice(0, Math.max(count, 0)), errno }
  }

  /** Tells the writes until the condition holds. Lets other work of this process have its turns. */
  async until(condition: () => boolean, onWrite: (write: Write) => void, boundMs = 60_000): Promise<void> {
    const end = Date.now() + boundMs
    while (!condition()) {
      if (Date.now() > end) throw new Error('what was waited for did not happen')
      for (const write of this.turn()) onWrite(write)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  close(): void {
    this.#tracker.close()
    this.#c.close(this.#fd)
  }
}
