interface Mark {
  readonly at: number
  readonly losses: number
  readonly resolve: (isWritten: boolean) => void
}

/** Promises that resolve when all events that a sink has got by now are written, or lost. */
export class WrittenMarks {
  #taken = 0
  #settled = 0
  #losses = 0
  /** The losses at the last question: later ones are of events that came after it. */
  #seen = 0
  /** What had come by then. */
  #asked = 0
  #marks: Mark[] = []

  take(): void {
    this.#taken++
  }

  settle(count: number): void {
    this.#settled += count
    this.#resolve()
  }

  lose(): void {
    this.#losses++
  }

  /** Nothing of what waits will be written. */
  giveUp(): void {
    if (this.#settled === this.#taken) return
    if (this.#taken > this.#asked) this.#losses++
    this.#settled = this.#taken
    for (const { resolve } of this.#marks.splice(0)) resolve(false)
  }

  /** True when everything that came since the question before was written. */
  wait(): Promise<boolean> {
    const losses = this.#seen
    this.#seen = this.#losses
    this.#asked = this.#taken
    return new Promise((resolve) => {
      this.#marks.push({ at: this.#taken, losses, resolve })
      this.#resolve()
    })
  }

  #resolve(): void {
    while (this.#marks.length > 0 && this.#marks[0]!.at <= this.#settled) {
      const { losses, resolve } = this.#marks.shift()!
      resolve(this.#losses === losses)
    }
  }
}
