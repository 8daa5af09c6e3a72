import { natsProblem } from '../../brokers/nats/natsProblem.js'
import type { RunContext } from '../../contracts/index.js'
import type { Retelling } from '../trail/Retelling.js'

/** Says, once until it is over, that the server does not answer. */
export class Waiting {
  readonly #where: string
  readonly #context: RunContext
  readonly #retelling: Retelling
  #isTold = false

  constructor(where: string, context: RunContext, retelling: Retelling) {
    this.#where = where
    this.#context = context
    this.#retelling = retelling
  }

  tell(error: unknown): void {
    if (this.#isTold) return
    this.#isTold = true
    const { text, hint } = natsProblem(error, this.#where)
    const message = `natsSource: ${text}; it is tried again`
    this.#context.report({ code: 'FSFLOW_SOURCE_WAITS', message, hint, cause: error })
    this.#retelling.warn({ code: 'FSFLOW_SOURCE_WAITS', message })
  }

  over(): void {
    this.#isTold = false
  }
}
