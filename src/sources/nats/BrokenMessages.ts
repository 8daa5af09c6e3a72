import type { RunContext } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { fromWire, type FileEvent } from '../../events/index.js'
import type { Retelling } from '../trail/Retelling.js'
import type { HeldMessage } from './HeldMessages.js'

interface BrokenSettings {
  readonly consumer: { readonly stream: string }
  readonly brokenMessages: 'skip' | 'fail'
}

/** Broken messages that are told one by one; of further ones each hundredth, with the count. */
const TOLD = 20
const STEP = 100

/** Makes events of messages, and tells of those that are none. */
export class BrokenMessages {
  readonly #settings: BrokenSettings
  readonly #context: RunContext
  readonly #retelling: Retelling
  #count = 0
  #untold = 0

  constructor(settings: BrokenSettings, context: RunContext, retelling: Retelling) {
    this.#settings = settings
    this.#context = context
    this.#retelling = retelling
  }

  /** `undefined` for a message that is not an event; throws FSFLOW_INVALID_EVENT when that ends the run. */
  eventOf({ subject, data }: HeldMessage): FileEvent | undefined {
    try {
      return fromWire(wireOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))))
    } catch (error) {
      const { consumer, brokenMessages } = this.#settings
      const message = `a message of ${consumer.stream} is not an event: ${subject}: ${messageOf(error)}`
      if (brokenMessages === 'fail') throw invalidEvent(message, error)
      this.#tell(message)
      return undefined
    }
  }

  #tell(message: string): void {
    this.#count++
    this.#untold++
    if (this.#count > TOLD && this.#untold < STEP) return
    const text =
      this.#untold === 1 ? message : `${this.#untold} messages are not events, the last one: ${message}`
    this.#context.report({ code: 'FSFLOW_INVALID_EVENT', message: `${text}; it is left out` })
    this.#retelling.warn({ code: 'FSFLOW_INVALID_EVENT', message: text, counts: { messages: this.#untold } })
    this.#untold = 0
  }
}

/** The wire form, also from inside a CloudEvent. */
function wireOf(value: unknown): unknown {
  const { specversion, data } = (value ?? {}) as { readonly specversion?: unknown; readonly data?: unknown }
  return specversion === undefined ? value : data
}

function invalidEvent(message: string, cause: unknown): FsflowError {
  const hint = "Remove the message, or have such ones left out: brokenMessages: 'skip'."
  return new FsflowError({ code: 'FSFLOW_INVALID_EVENT', message, hint, cause })
}
