/** What is used of a message of the client. */
export interface IncomingMessage {
  readonly reply: string
  readonly subject: string
  readonly data: Uint8Array
  readonly info: { readonly streamSequence: number; readonly timestampNanos: number }
}

export interface HeldMessage {
  /** The same each time that the message comes. */
  readonly key: string
  readonly subject: string
  readonly data: Uint8Array
  /** Where its acknowledgement goes: that of the time that it came last. */
  reply: string
}

/** Messages that are remembered after they are settled, since their acknowledgement may have been lost. */
const REMEMBERED = 20_000

/** The messages that a run has got and not settled: those that wait, and those that were told. */
export class HeldMessages {
  readonly #all = new Map<string, HeldMessage>()
  readonly #settled = new Set<string>()
  #waiting: HeldMessage[] = []
  #wake: (() => void)[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  all(): Iterable<HeldMessage> {
    return this.#all.values()
  }

  /** `'settled'` for one that comes again although that was settled. */
  add({ reply, subject, data, info }: IncomingMessage): 'held' | 'settled' {
    // With the time, since a stream that was made anew begins at the same numbers.
    const key = `${info.streamSequence}.${info.timestampNanos}`
    if (this.#settled.has(key)) return 'settled'
    const held = this.#all.get(key)
    if (held !== undefined) held.reply = reply
    else {
      const message = { key, subject, data, reply }
      this.#all.set(key, message)
      this.#waiting.push(message)
      this.#changed()
    }
    return 'held'
  }

  /** The oldest one that waits. */
  take(): HeldMessage | undefined {
    const message = this.#waiting.shift()
    this.#changed()
    return message
  }

  /** Forgets it; what was `done` is not told if it comes again. */
  settle({ key }: HeldMessage, done: boolean): void {
    this.#all.delete(key)
    if (!done) return
    this.#settled.add(key)
    if (this.#settled.size <= REMEMBERED) return
    for (const oldest of this.#settled) {
      this.#settled.delete(oldest)
      break
    }
  }

  /** Those that wait, which are then no longer held. */
  giveBack(): HeldMessage[] {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { key } of waiting) this.#all.delete(key)
    return waiting
  }

  /** Resolves when a message is added or taken. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}
