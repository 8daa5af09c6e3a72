import { monotonicMillis } from '../bootTime.js'
import { EAGAIN, EINTR } from '../errno.js'
import { libc } from '../libc.js'
import { decodeProcEvents } from './decodeProcEvents.js'
import { ProcConnector } from './ProcConnector.js'

const BUFFER_BYTES = 65_536
const DATAGRAM_ROOM = 4096

/**
 * Tells whether what was just read of a process from /proc is of a program that it has executed since the messages
 * that have been applied: a second proc connector that is read at once, on the thread that asks.
 */
export class LatestExecs {
  readonly #c = libc()
  readonly #connector = new ProcConnector()
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  readonly #execs = new Map<number, number[]>()
  #lostAt = -Infinity

  /**
   * How many execs of the process there were after one time and up to another (CLOCK_MONOTONIC, ms); Infinity when
   * unknown.
   */
  between(pid: number, from: number, to: number): number {
    this.#drain()
    if (this.#lostAt > -Infinity) return Infinity
    return this.#execs.get(pid)?.filter((execAt) => execAt > from && execAt <= to).length ?? 0
  }

  /** The same up to now. */
  since(pid: number, at: number): number {
    return this.between(pid, at, Infinity)
  }

  /** Everything up to then has been applied. */
  settle(at: number): void {
    this.#drain()
    if (at > this.#lostAt) this.#lostAt = -Infinity
    for (const [pid, execs] of this.#execs) if (execs.at(-1)! <= at) this.#execs.delete(pid)
  }

  #drain(): void {
    for (;;) {
      let filled = 0
      let errno = 0
      while (filled + DATAGRAM_ROOM <= BUFFER_BYTES && errno === 0) {
        const count = this.#c.read(this.#connector.fd, this.#buffer.subarray(filled), BUFFER_BYTES - filled)
        if (count > 0) filled += count
        else errno = this.#c.errno()
      }
      for (const event of decodeProcEvents(this.#buffer.buffer.slice(0, filled))) {
        if (event.kind !== 'exec') continue
        const known = this.#execs.get(event.pid)
        if (known === undefined) this.#execs.set(event.pid, [event.at])
        else known.push(event.at)
      }
      if (errno === EAGAIN) return
      // Some were lost (ENOBUFS), or it cannot be read at all.
      if (errno !== 0 && errno !== EINTR) {
        this.#lostAt = monotonicMillis()
        return
      }
    }
  }

  close(): void {
    this.#connector.close()
  }
}
