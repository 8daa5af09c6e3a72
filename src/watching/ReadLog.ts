/**
 * Knows since when records may have been lost when an overflow is met.
 *
 * The overflow record stands behind a full queue of `queueLimit` records. Whatever came before those had been
 * read by the time of the loss: so the read of the last record before them is the earliest that it can be.
 */
export class ReadLog {
  readonly #queueLimit: number
  #applied = 0
  #reads: { readonly before: number; readonly readAt: number }[] = []

  constructor(queueLimit: number, startedAt: number) {
    this.#queueLimit = queueLimit
    this.#reads.push({ before: 0, readAt: startedAt })
  }

  /** One record that was read at `readAt` is being applied. */
  note(readAt: number): void {
    if (readAt !== this.#reads[this.#reads.length - 1]!.readAt) {
      this.#reads.push({ before: this.#applied, readAt })
      // Kept: one read from before the full queue, and all since.
      const certain = this.#applied - this.#queueLimit - 1
      while (this.#reads.length > 1 && this.#reads[1]!.before <= certain) this.#reads.shift()
    }
    this.#applied++
  }

  /** Microseconds since the epoch: nothing was lost before. */
  get lossStart(): number {
    return this.#reads[0]!.readAt
  }
}
