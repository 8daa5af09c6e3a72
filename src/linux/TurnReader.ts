import { nowMicros } from './clock.js'
import type { DrainData, DrainMessage, FeedRead } from './drainProtocol.js'
import { EAGAIN, EINTR, ENOBUFS } from './errno.js'
import { libc, type Libc } from './libc.js'
import { snapshotExecs } from './processes/execSnapshots.js'

const BUFFER_BYTES = 65_536
// A feed gives one message a read; less room than this could cut one off.
const FEED_ROOM = 8192
const empty = new ArrayBuffer(0)

/** Reads what there is, by the rules of a turn: the descriptor of the events first, the feeds after it. */
export class TurnReader {
  readonly #c: Libc = libc()
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  readonly #fds: readonly number[]
  readonly #execFeed: number
  /** The places among the descriptors of the feeds that are no longer read. */
  readonly broken = new Set<number>()

  constructor({ fds, execFeed }: Pick<DrainData, 'fds' | 'execFeed'>) {
    this.#fds = fds
    this.#execFeed = execFeed
  }

  /** The next turn, `undefined` when there is nothing; `early` is what was read of the feeds before, and belongs to it. */
  read(early: FeedRead[]): Exclude<DrainMessage, { kind: 'mounts' }> | undefined {
    const count = this.#c.read(this.#fds[0]!, this.#buffer, BUFFER_BYTES)
    const errno = count < 0 ? this.#c.errno() : 0
    if (count < 0 && errno !== EAGAIN && errno !== EINTR) return { kind: 'failure', errno, call: 'read' }
    const buffer = count <= 0 ? empty : this.#buffer.buffer.slice(0, count)
    for (let feed = 1; feed < this.#fds.length; feed++) this.readFeed(feed, early)
    if (count <= 0 && early.length === 0) return undefined
    return { kind: 'turn', buffer, readAt: nowMicros(), feeds: early.length === 0 ? undefined : early }
  }

  /** Reads all that a feed has; several messages, one behind the other, in one buffer. */
  readFeed(feed: number, reads: FeedRead[]): void {
    const buffer = this.#buffer
    while (!this.broken.has(feed)) {
      let filled = 0
      let errno = 0
      while (filled + FEED_ROOM <= BUFFER_BYTES) {
        const room = filled === 0 ? buffer : buffer.subarray(filled)
        const count = this.#c.read(this.#fds[feed]!, room, BUFFER_BYTES - filled)
        if (count <= 0) {
          errno = count < 0 ? this.#c.errno() : EAGAIN
          if (errno === EINTR) continue
          break
        }
        filled += count
      }
      const failed = errno === EAGAIN ? 0 : errno
      if (filled > 0 || failed !== 0) {
        const messages = buffer.buffer.slice(0, filled)
        const execs = feed === this.#execFeed ? snapshotExecs(messages) : []
        reads.push({ feed: feed - 1, buffer: messages, errno: failed, execs })
      }
      if (failed !== 0 && failed !== ENOBUFS) this.broken.add(feed)
      if (errno !== 0) return
    }
  }
}

/** How many bytes a turn holds. */
export function bytesOf({ buffer, feeds }: Extract<DrainMessage, { kind: 'turn' }>): number {
  let bytes = buffer.byteLength
  if (feeds !== undefined) for (const feed of feeds) bytes += feed.buffer.byteLength
  return bytes
}
