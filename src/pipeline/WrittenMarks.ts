interface Mark {
  /** How many events had come. */
  readonly at: number
  /** How many of them all were lost at the question before. */
  readonly lostBefore: number
  readonly resolve: (isWritten: boolean) => void
}

/** Promises that resolve when all events that a sink has got by now are written, on disk, or lost. */
export class WrittenMarks {
  #marks: Mark[] = []
  #lostBefore = 0
  #asked = 0

  /** True when nothing was lost since the question before. */
  wait(taken: number, lost: number): Promise<boolean> {
    const lostBefore = this.#lostBefore
    this.#lostBefore = lost
    this.#asked = taken
    return new Promise((resolve) => this.#marks.push({ at: taken, lostBefore, resolve }))
  }

  /** Of the first so many events, none waits any more. */
  reach(settled: number, lost: number): void {
    while (this.#marks.length > 0 && this.#marks[0]!.at <= settled) {
      const { lostBefore, resolve } = this.#marks.shift()!
      resolve(lost === lostBefore)
    }
    // Nothing has come since: what was lost was asked for.
    if (settled === this.#asked) this.#lostBefore = lost
  }
}
