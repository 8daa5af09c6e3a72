/** What a progress line needs of a stream such as `process.stderr`. */
export interface Terminal {
  readonly isTTY: boolean
  readonly columns: number
  write(text: string): unknown
}

/** A line at the bottom of a terminal that is written over; nothing where the stream is no terminal. */
export class ProgressLine {
  readonly #terminal: Terminal
  #shown = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show(text: string): void {
    if (!this.#terminal.isTTY) return
    // A line that wraps could not be taken back. A terminal that does not know its width says 0.
    const { columns } = this.#terminal
    this.#terminal.write(`\r${text.slice(0, (columns > 0 ? columns : 80) - 1)}\u001b[K`)
    this.#shown = true
  }

  clear(): void {
    if (!this.#shown) return
    this.#terminal.write('\r\u001b[K')
    this.#shown = false
  }
}
