import type { Terminal } from './ProgressLine.js'

/** Lines at the bottom of a terminal that are written over. */
export class StatusBlock {
  readonly #terminal: Terminal
  #shown = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show(lines: readonly string[]): void {
    // A line that wraps could not be taken back. A terminal that does not know its width says 0.
    const { columns } = this.#terminal
    const width = (columns > 0 ? columns : 80) - 1
    const text = lines.map((line) => `${line.slice(0, width)}\u001b[K\n`).join('')
    this.#terminal.write(`${this.#back()}${text}\u001b[J`)
    this.#shown = lines.length
  }

  /** What is shown stays. */
  leave(): void {
    this.#shown = 0
  }

  clear(): void {
    if (this.#shown === 0) return
    this.#terminal.write(`${this.#back()}\u001b[J`)
    this.#shown = 0
  }

  #back(): string {
    return this.#shown === 0 ? '' : `\u001b[${this.#shown}A\r`
  }
}
