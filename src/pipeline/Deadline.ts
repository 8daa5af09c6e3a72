/** A point in time that can be brought forward, never put off. */
export class Deadline {
  readonly passed: Promise<void>
  #pass: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  #at = Infinity

  constructor() {
    this.passed = new Promise((resolve) => (this.#pass = resolve))
  }

  /** True when it was moved: an earlier deadline stays. */
  within(milliseconds: number): boolean {
    const at = performance.now() + milliseconds
    if (at >= this.#at) return false
    this.#at = at
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#pass, milliseconds)
    return true
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
