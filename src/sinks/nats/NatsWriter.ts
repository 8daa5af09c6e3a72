import { randomUUID } from 'node:crypto'
import { connectNats, endNats, type NatsLink } from '../../brokers/nats/connectNats.js'
import type { NatsConnectionSettings } from '../../brokers/nats/natsConnectionOptions.js'
import { natsProblem, type NatsProblem } from '../../brokers/nats/natsProblem.js'
import { checkStream, ensureStream } from '../../brokers/nats/natsStream.js'
import type { NatsStreamSettings } from '../../brokers/nats/natsStreamOptions.js'
import { subjectOf } from '../../brokers/nats/natsSubjects.js'
import { SinkWriteError, type RunContext, type SinkWriter } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import type { FileEvent } from '../../events/index.js'
import { recordEncoder, type RecordFormat } from '../../formats/recordFormat.js'
import { publishAll } from './publishAll.js'

export interface NatsSinkSettings {
  readonly connection: NatsConnectionSettings
  readonly stream: NatsStreamSettings
  /** What subjects begin with. */
  readonly prefix: string
  readonly host: string
  readonly inFlight: number
  readonly format: RecordFormat
  readonly whenUnreachable: 'fail' | 'wait'
}

type Prepare = (manager: NatsLink['manager'], stream: NatsStreamSettings) => Promise<void>

/** Rejects with FSFLOW_SINK_OPEN when events could not be sent; leaves nothing open and makes no stream. */
export async function checkNats(settings: NatsSinkSettings): Promise<void> {
  try {
    await endNats(await linkTo(settings, checkStream))
  } catch (error) {
    const problem = openProblem(error, settings)
    if (!mayWait(problem, settings)) throw openError(problem)
  }
}

/** One run of the sink: a connection, and another one after it is lost. */
export class NatsWriter implements SinkWriter {
  readonly ownFiles = []
  readonly #settings: NatsSinkSettings
  readonly #run = randomUUID()
  #link: NatsLink | undefined
  #isClosed = false

  private constructor(settings: NatsSinkSettings) {
    this.#settings = settings
  }

  static async open(settings: NatsSinkSettings, context: RunContext): Promise<NatsWriter> {
    const writer = new NatsWriter(settings)
    try {
      await writer.#connect()
    } catch (error) {
      const problem = openProblem(error, settings)
      if (!mayWait(problem, settings)) throw openError(problem)
      context.report({
        code: 'FSFLOW_SINK_WAITS',
        message: `nats: ${problem.text}; it is tried again`,
        hint: problem.hint,
        cause: problem.cause,
      })
    }
    return writer
  }

  async write(batch: readonly FileEvent[], run: string = this.#run): Promise<void> {
    if (this.#isClosed) throw this.#error(natsProblem(new Error('the sink is closed'), ''), batch.length)
    let done = 0
    // What an old connection has not done, a new one may do: the server was restarted, or another one answers.
    for (let isNew = this.#link === undefined; done < batch.length; isNew = true) {
      try {
        const { connection, client } = await this.#connect()
        const result = await publishAll(connection, client, this.#messages(batch, run), {
          from: done,
          stream: this.#settings.stream.name,
          inFlight: this.#settings.inFlight,
          timeout: this.#settings.connection.timeout,
        })
        done = result.acknowledged
        if (result.failure !== undefined) throw result.failure.error
      } catch (error) {
        if (FsflowError.is(error)) throw this.#errorOf(error, batch.length - done)
        await this.#disconnect()
        const problem = natsProblem(error, this.#settings.connection.where)
        if (problem.isFinal || isNew) throw this.#error(problem, batch.length - done)
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#disconnect()
  }

  #messages(batch: readonly FileEvent[], run: string) {
    const { prefix, host, format } = this.#settings
    const encode = recordEncoder(format, { run, host })
    return {
      count: batch.length,
      at: (index: number) => {
        const event = batch[index]!
        return { subject: subjectOf(prefix, host, event), id: `${run}.${event.seq}`, body: encode(event) }
      },
    }
  }

  async #connect(): Promise<NatsLink> {
    if (this.#link?.connection.isClosed() === true) this.#link = undefined
    this.#link ??= await linkTo(this.#settings, ensureStream)
    return this.#link
  }

  async #disconnect(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    if (link !== undefined) await endNats(link)
  }

  #errorOf(error: FsflowError, lost: number): SinkWriteError {
    const { code, message, path, hint } = error
    return new SinkWriteError({ code, message, path, hint, cause: error, lost, final: true })
  }

  #error({ text, hint, cause, isFinal }: NatsProblem, lost: number): SinkWriteError {
    return new SinkWriteError({
      code: 'FSFLOW_SINK_WRITE',
      message: `nats: ${text}; ${lost} event${lost === 1 ? '' : 's'} not acknowledged`,
      hint,
      cause,
      lost,
      final: isFinal || this.#isClosed,
    })
  }
}

function openProblem(error: unknown, { connection }: NatsSinkSettings): NatsProblem {
  // A package that is missing has its own code and hint.
  if (FsflowError.is(error)) throw error
  return natsProblem(error, connection.where)
}

function mayWait({ isUnreachable }: NatsProblem, { whenUnreachable }: NatsSinkSettings): boolean {
  return isUnreachable && whenUnreachable === 'wait'
}

function openError({ text, hint, cause }: NatsProblem): FsflowError {
  return new FsflowError({ code: 'FSFLOW_SINK_OPEN', message: `nats: ${text}`, hint, cause })
}

/** A connection to servers whose stream is ready. */
async function linkTo({ connection, stream }: NatsSinkSettings, prepare: Prepare): Promise<NatsLink> {
  const link = await connectNats(connection, `fsflow ${stream.name}`)
  try {
    await prepare(link.manager, stream)
    return link
  } catch (error) {
    await endNats(link)
    throw error
  }
}
