import { drainState, type Turn } from './drainProtocol.js'

const STATE_BYTES = 16
const READ_AT_BYTES = 8

/** What is shared: the state, and a slot for one small turn. */
export const SHARED_BYTES = 4096

/**
 * The slot for a small turn without feeds; the message that tells of it is the number of its bytes. To allocate a
 * buffer and to hand it over take 80 us where events are rare and nothing is in a cache. It is free while the state of
 * it is 0.
 */
export class TurnSlot {
  readonly bytes: Uint8Array
  readonly #state: Int32Array
  readonly #readAt: Float64Array

  constructor(shared: SharedArrayBuffer) {
    this.#state = new Int32Array(shared)
    this.#readAt = new Float64Array(shared, STATE_BYTES, 1)
    this.bytes = new Uint8Array(shared, STATE_BYTES + READ_AT_BYTES)
  }

  /** When what is in it was read. */
  get readAt(): number {
    return this.#readAt[0]!
  }

  /** Puts a turn there; false when it is too large, or another one is there. */
  put({ bytes, readAt, feeds }: Turn): boolean {
    if (feeds !== undefined || bytes.length > this.bytes.length) return false
    if (Atomics.load(this.#state, drainState.slot) !== 0) return false
    this.bytes.set(bytes)
    this.#readAt[0] = readAt
    Atomics.store(this.#state, drainState.slot, bytes.length)
    return true
  }

  /** What was there has been handled. */
  free(): void {
    Atomics.store(this.#state, drainState.slot, 0)
  }
}
