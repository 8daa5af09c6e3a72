// Of one UTF-16 code unit, at most.
const BYTES_A_UNIT = 3

/** UTF-8 text that grows by texts and by bytes, in memory that can be used again. */
export class Utf8Buffer {
  #room: Buffer
  #length = 0

  /** `capacity` in bytes: how much fits before memory has to be had anew. */
  constructor(capacity: number) {
    this.#room = Buffer.allocUnsafe(capacity)
  }

  /** Bytes that are filled. */
  get length(): number {
    return this.#length
  }

  /** Bytes that there is memory for. */
  get capacity(): number {
    return this.#room.length
  }

  /** What was appended; it stands until the next `clear`. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length)
  }

  /** Forgets what was appended, and keeps the memory: to have it anew from the kernel costs more than to fill it. */
  clear(): void {
    this.#length = 0
  }

  text(text: string): void {
    this.#reserve(text.length * BYTES_A_UNIT)
    this.#length += this.#room.write(text, this.#length)
  }

  /** Three pieces at once: their room is asked for once, and not three times for each event. */
  append(first: Uint8Array, second: Uint8Array, third: Uint8Array): void {
    const at = this.#length
    const afterFirst = at + first.length
    const afterSecond = afterFirst + second.length
    const end = afterSecond + third.length
    this.#reserve(end - at)
    const room = this.#room
    room.set(first, at)
    room.set(second, afterFirst)
    room.set(third, afterSecond)
    this.#length = end
  }

  #reserve(bytes: number): void {
    const end = this.#length + bytes
    if (end <= this.#room.length) return
    const larger = Buffer.allocUnsafe(Math.max(end, this.#room.length * 2))
    this.#room.copy(larger, 0, 0, this.#length)
    this.#room = larger
  }
}
