import { setTimeout as wait } from 'node:timers/promises'
import type { Consumer } from '@nats-io/jetstream'
import type { Subscriber } from 'rxjs'
import { connectNats, endNats, type NatsLink } from '../../brokers/nats/connectNats.js'
import type { NatsConnectionSettings } from '../../brokers/nats/natsConnectionOptions.js'
import { checkConsumer, ensureConsumer, type NatsConsumerSettings } from '../../brokers/nats/natsConsumer.js'
import { natsProblem } from '../../brokers/nats/natsProblem.js'
import type { RunContext } from '../../contracts/index.js'
import { FsflowError, type FsflowErrorCode } from '../../errors/index.js'
import type { FileEvent } from '../../events/index.js'
import { RunEnd } from '../support/RunEnd.js'
import { Retelling } from '../trail/Retelling.js'
import { Acknowledger, type Answer } from './Acknowledger.js'
import { BrokenMessages } from './BrokenMessages.js'
import { HeldMessages, type IncomingMessage } from './HeldMessages.js'
import { Waiting } from './Waiting.js'

export interface NatsSourceSettings {
  readonly connection: NatsConnectionSettings
  readonly consumer: NatsConsumerSettings
  readonly batch: number
  readonly brokenMessages: 'skip' | 'fail'
  /** Absolute, the longest first. */
  readonly roots: readonly string[]
}

interface ConsumerLink extends NatsLink {
  readonly consumer: Consumer
}

/** How long one request for messages stands at the server. */
const EXPIRES = 10_000
const FIRST_DELAY = 250
const LONGEST_DELAY = 15_000

/** Rejects with FSFLOW_SOURCE_OPEN when the stream could not be consumed; leaves nothing open. */
export async function checkNatsSource({ connection, consumer }: NatsSourceSettings): Promise<void> {
  try {
    const link = await connectNats(connection, `fsflow ${consumer.name}`)
    await checkConsumer(link.manager, consumer).finally(() => endNats(link))
  } catch (error) {
    throw sourceError('FSFLOW_SOURCE_OPEN', error, connection)
  }
}

/** One run of the source; see `natsSource`. */
export class NatsRun {
  readonly #subscriber: Subscriber<FileEvent>
  readonly #settings: NatsSourceSettings
  readonly #held = new HeldMessages()
  readonly #retelling: Retelling
  readonly #broken: BrokenMessages
  readonly #acknowledger: Acknowledger
  readonly #end: RunEnd
  #link: ConsumerLink | undefined
  readonly #waiting: Waiting

  constructor(subscriber: Subscriber<FileEvent>, context: RunContext, settings: NatsSourceSettings) {
    this.#subscriber = subscriber
    this.#settings = settings
    const { stream, name, ackWait } = settings.consumer
    this.#retelling = new Retelling({
      source: 'nats',
      message: `consuming the stream ${stream} as ${name}`,
      roots: settings.roots,
      emit: (event) => subscriber.next(event),
    })
    this.#waiting = new Waiting(settings.connection.where, context, this.#retelling)
    this.#broken = new BrokenMessages(settings, context, this.#retelling)
    this.#acknowledger = new Acknowledger(this.#held, context, Math.ceil(ackWait / 3), (reply, answer) =>
      this.#send(reply, answer),
    )
    this.#end = new RunEnd(context)
  }

  get ready(): boolean {
    return this.#retelling.ready
  }

  /** Tells all; never rejects. */
  async run(): Promise<void> {
    try {
      await this.#connect()
      if (!this.#end.isReached()) {
        this.#retelling.start()
        await Promise.all([this.#receive(), this.#tellAll()])
      }
    } catch (error) {
      const code = this.ready ? 'FSFLOW_SOURCE_READ' : 'FSFLOW_SOURCE_OPEN'
      if (!this.#end.isReached()) this.#subscriber.error(sourceError(code, error, this.#settings.connection))
      this.#end.reach()
    }
    this.#subscriber.complete()
    await this.#finish()
  }

  close(): void {
    this.#end.reach()
  }

  async #connect(): Promise<void> {
    const { connection, consumer } = this.#settings
    const link = await connectNats(connection, `fsflow ${consumer.name}`)
    try {
      await ensureConsumer(link.manager, consumer)
      this.#link = { ...link, consumer: await consumerOf(link, consumer) }
      this.#acknowledger.resend()
    } catch (error) {
      await endNats(link)
      throw error
    }
  }

  /** Fetches messages until the end, over one connection after the other. */
  async #receive(): Promise<void> {
    while (!this.#end.isReached()) {
      const link = this.#link
      if (link === undefined || link.connection.isClosed()) {
        await this.#connectAgain()
        continue
      }
      const space = this.#settings.batch - this.#held.waiting
      if (space <= 0) await Promise.race([this.#held.change(), this.#end.reached])
      else await this.#fetch(link, space).catch((error: unknown) => this.#disconnect(error))
    }
  }

  async #fetch({ consumer }: ConsumerLink, space: number): Promise<void> {
    const messages = await consumer.fetch({ max_messages: space, expires: EXPIRES })
    void this.#end.reached.then(() => messages.close())
    // Its type hides where an acknowledgement goes, which must be possible over a later connection too.
    for await (const message of messages as unknown as AsyncIterable<IncomingMessage>) {
      // Its acknowledgement was lost.
      if (this.#held.add(message) === 'settled') this.#send(message.reply, '+ACK')
    }
    this.#waiting.over()
  }

  async #disconnect(error: unknown): Promise<void> {
    const link = this.#link
    this.#link = undefined
    if (link !== undefined) await endNats(link)
    if (!this.#end.isReached()) this.#waiting.tell(error)
  }

  async #connectAgain(): Promise<void> {
    for (let attempt = 0; !this.#end.isReached(); attempt++) {
      try {
        await this.#connect()
        return
      } catch (error) {
        const isFinal = FsflowError.is(error) || natsProblem(error, '').isFinal
        if (isFinal) throw error
        if (this.#end.isReached()) return
        this.#waiting.tell(error)
        const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(attempt, 16))
        const options = { signal: this.#end.signal }
        await wait(delay / 2 + (Math.random() * delay) / 2, undefined, options).catch(() => undefined)
      }
    }
  }

  async #tellAll(): Promise<void> {
    while (!this.#end.isReached()) {
      const message = this.#held.take()
      if (message === undefined) {
        await Promise.race([this.#held.change(), this.#end.reached])
        continue
      }
      const event = this.#broken.eventOf(message)
      if (event === undefined) this.#acknowledger.answer(message, '+TERM')
      else if (this.#retelling.tell(event)) this.#acknowledger.told(message)
      else this.#acknowledger.answer(message, '+ACK')
      await this.#end.room()
    }
  }

  #send(reply: string, answer: Answer): boolean {
    const connection = this.#link?.connection
    if (connection === undefined || connection.isClosed()) return false
    connection.publish(reply, answer)
    return true
  }

  /** Gives back what was not told, waits for the sinks to write what was, and lets go of the server. */
  async #finish(): Promise<void> {
    for (const message of this.#held.giveBack()) this.#acknowledger.answer(message, '-NAK')
    await this.#acknowledger.finish()
    if (this.#link !== undefined) await endNats(this.#link)
  }
}

function consumerOf({ client }: NatsLink, { stream, name }: NatsConsumerSettings): Promise<Consumer> {
  return client.consumers.get(stream, name)
}

function sourceError(code: FsflowErrorCode, error: unknown, { where }: NatsConnectionSettings): Error {
  if (FsflowError.is(error)) return error
  const { text, hint, cause } = natsProblem(error, where)
  return new FsflowError({ code, message: `natsSource: ${text}`, hint, cause })
}
