import type { RunContext } from '../../contracts/index.js'
import type { HeldMessage, HeldMessages } from './HeldMessages.js'

/** `+ACK`: done; `-NAK`: to be given out again; `+TERM`: never again; `+WPI`: still being worked on. */
export type Answer = '+ACK' | '-NAK' | '+TERM' | '+WPI'

/** False when it could not be sent. */
export type SendAnswer = (reply: string, answer: Answer) => boolean

/** Acknowledges messages when the sinks have written their events. */
export class Acknowledger {
  readonly #held: HeldMessages
  readonly #context: RunContext
  readonly #send: SendAnswer
  readonly #timer: NodeJS.Timeout
  #told: HeldMessage[] = []
  #settling: Promise<void> | undefined
  #unsent: { readonly reply: string; readonly answer: Answer }[] = []

  /** `interval`: milliseconds after which the server is told that the messages in hand are still worked on. */
  constructor(held: HeldMessages, context: RunContext, interval: number, send: SendAnswer) {
    this.#held = held
    this.#context = context
    this.#send = send
    this.#timer = setInterval(() => {
      for (const { reply } of held.all()) send(reply, '+WPI')
    }, interval)
  }

  /** The event of the message has been emitted. */
  told(message: HeldMessage): void {
    this.#told.push(message)
    // Not at once, so that what comes in one go is one question.
    this.#settling ??= Promise.resolve().then(() => this.#settle())
  }

  /** To be called with a message that is not told, for whatever reason. */
  answer(message: HeldMessage, answer: Answer): void {
    this.#held.settle(message, answer !== '-NAK')
    this.#sendOrKeep(message.reply, answer)
  }

  /** Sends what could not be sent before. */
  resend(): void {
    for (const { reply, answer } of this.#unsent.splice(0)) this.#sendOrKeep(reply, answer)
  }

  /** Resolves when all that was told is settled; then no further message is to come. */
  async finish(): Promise<void> {
    await this.#settling
    clearInterval(this.#timer)
  }

  async #settle(): Promise<void> {
    while (this.#told.length > 0) {
      const group = this.#told
      this.#told = []
      const isWritten = (await this.#context.written?.()) ?? true
      for (const message of group) this.answer(message, isWritten ? '+ACK' : '-NAK')
    }
    this.#settling = undefined
  }

  #sendOrKeep(reply: string, answer: Answer): void {
    if (!this.#send(reply, answer)) this.#unsent.push({ reply, answer })
  }
}
