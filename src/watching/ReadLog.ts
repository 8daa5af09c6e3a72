/**
 * Knows since when records may have been lost when an overflow is met.
 *
 * The overflow record stands behind a full queue of `queueLimit` records. Whatever came before those had been
 * read by the time of the loss: so the read of the last record before them is the earliest that it can be.
 */
export class ReadLog {
  readonly #queueLimit: number
  #applied = 0
  // From #first on; the last one apart, since each record is compared with it.
  #reads: { readonly before: number; readonly readAt: number }[] = []
  #first = 0
  #lastReadAt: number

  constructor(queueLimit: number, startedAt: number) {
    this.#queueLimit = queueLimit
    this.#reads.push({ before: 0, readAt: startedAt })
    this.#lastReadAt = startedAt
  }

  /** One record that was read at `readAt` is being applied. */
  note(readAt: number): void {
    if (readAt !== this.#lastReadAt) this.#begin(readAt)
    this.#applied++
  }

  #begin(readAt: number): void {
    this.#lastReadAt = readAt
    this.#reads.push({ before: this.#applied, readAt })
    // Kept: one read from before the full queue, and all since.
    const certain = this.#applied - this.#queueLimit - 1
    while (this.#first + 1 < this.#reads.length && this.#reads[this.#first + 1]!.before <= certain)
      this.#first++
    // Not one by one: to take the first of a long array costs its length.
    if (this.#first * 2 > this.#reads.length) {
      this.#reads.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** Microseconds since the epoch: nothing was lost before. */
  get lossStart(): number {
    return this.#reads[this.#first]!.readAt
  }
}
