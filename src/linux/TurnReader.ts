import { nowMicros } from './clock.js'
import type { DrainData, DrainFailure, FeedRead, Turn } from './drainProtocol.js'
import { EAGAIN, EINTR, ENOBUFS } from './errno.js'
import { libc, type Libc } from './libc.js'
import { snapshotExecs } from './processes/execSnapshots.js'

const BUFFER_BYTES = 65_536
// A feed gives one message a read; less room than this could cut one off.
const FEED_ROOM = 8192

/** Reads what there is, by the rules of a turn: the descriptor of the events first, the feeds after it. */
export class TurnReader {
  readonly #c: Libc = libc()
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  readonly #feedBuffer: Uint8Array<ArrayBuffer>
  readonly #fds: readonly number[]
  readonly #execFeed: number
  /** The places among the descriptors of the feeds that are no longer read. */
  readonly broken = new Set<number>()

  constructor({ fds, execFeed }: Pick<DrainData, 'fds' | 'execFeed'>) {
    this.#fds = fds
    this.#execFeed = execFeed
    this.#feedBuffer = new Uint8Array(fds.length > 1 ? BUFFER_BYTES : 0)
  }

  /** The next turn, `undefined` when there is nothing; `early` is what was read of the feeds before, and belongs to it. */
  read(early: FeedRead[]): Turn | DrainFailure | undefined {
    const count = this.#c.read(this.#fds[0]!, this.#buffer, BUFFER_BYTES)
    const errno = count < 0 ? this.#c.errno() : 0
    if (count < 0 && errno !== EAGAIN && errno !== EINTR) return { kind: 'failure', errno, call: 'read' }
    for (let feed = 1; feed < this.#fds.length; feed++) this.readFeed(feed, early)
    if (count <= 0 && early.length === 0) return undefined
    const bytes = this.#buffer.subarray(0, Math.max(count, 0))
    return { kind: 'turn', bytes, readAt: nowMicros(), feeds: early.length === 0 ? undefined : early }
  }

  /** Reads all that a feed has; several messages, one behind the other, in one buffer. */
  readFeed(feed: number, reads: FeedRead[]): void {
    const buffer = this.#feedBuffer
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
export function bytesOf({ bytes, feeds }: Turn): number {
  let count = bytes.length
  if (feeds !== undefined) for (const feed of feeds) count += feed.buffer.byteLength
  return count
}
