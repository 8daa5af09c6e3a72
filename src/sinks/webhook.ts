import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { SinkWriteError, type Sink, type SinkWriter } from '../contracts/index.js'
import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { messageOf } from '../errors/messageOf.js'
import type { FileEvent } from '../events/index.js'
import { recordNames, toRecord, type RecordFormat } from '../formats/recordFormat.js'
import { post, PostError } from './http/post.js'
import { secretBytes, signature } from './http/signature.js'
import { formatOf } from './output/recordOptions.js'

export interface WebhookSinkOptions {
  /** Where to send the events, `https://...` or `http://...`. */
  readonly url: string
  /** The most events in one request. Default 500. */
  readonly batch?: number
  /** Signs each request; base64 behind `whsec_`, or any text. Default: no signature. */
  readonly secret?: string
  /** An array of events, or of what the Elastic Common Schema, OCSF or CloudEvents 1.0 make of them. Default `'json'`. */
  readonly format?: RecordFormat
  /** Further headers, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds for one request. Default 10000. */
  readonly timeout?: number
}

interface Settings extends Required<Omit<WebhookSinkOptions, 'secret'>> {
  readonly key: Buffer | undefined
  readonly where: string
}

const known = ['url', 'batch', 'secret', 'format', 'headers', 'timeout'] as const
const MAX_TIME = 2 ** 31 - 1

/**
 * Sends events to a URL, a list in each request.
 *
 * Requests are signed as in Standard Webhooks. In a pipeline, failed connections and the answers 408, 425, 429 and 5xx
 * are tried again, less and less often, and not before the time that `Retry-After` gives, while events are kept on disk;
 * other answers fail the sink. `write` rejects with FSFLOW_SINK_WRITE. Throws FSFLOW_INVALID_OPTION.
 */
export function webhook(options: WebhookSinkOptions): Sink {
  const settings = validate(options)
  const { where, batch, format, key } = settings
  const form =
    format === 'json' ? 'events' : format === 'cloudevents' ? 'CloudEvents' : `${recordNames[format]} events`
  return {
    name: 'webhook',
    description: `up to ${batch} ${form} in a request, ${key === undefined ? 'not signed' : 'signed'}, to ${where}`,
    remote: settings.url,
    // Nothing is known before something is sent.
    check: () => Promise.resolve(),
    open: () => Promise.resolve(openWriter(settings)),
  }
}

function validate(options: WebhookSinkOptions): Settings {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    const hint = "For example webhook({ url: 'https://example.org/events' })."
    throw invalidOption('webhook', 'options', 'must be an object', hint)
  }
  rejectUnknownOptions('webhook', given, known)
  const { batch = 500, headers = {}, timeout = 10_000 } = options
  const { url, where } = urlOf(options.url)
  requireWhole('batch', batch, 1, 8192)
  requireWhole('timeout', timeout, 1, MAX_TIME)
  const format = formatOf('webhook', options)
  return {
    url,
    where,
    batch,
    format,
    headers: headersOf(headers),
    timeout,
    key: keyOf(options.secret),
  }
}

function urlOf(given: unknown): { url: string; where: string } {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw invalidOption('webhook', 'url', 'must be a URL that begins with https:// or http://')
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidOption(
      'webhook',
      'url',
      'has a name or a password in it',
      'Give headers: { authorization: ... }.',
    )
  }
  return { url: url.href, where: url.origin + url.pathname }
}

function headersOf(given: unknown): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(new Headers(given as Record<string, string>))
  } catch (error) {
    throw invalidOption('webhook', 'headers', `cannot be sent: ${messageOf(error)}`)
  }
}

function keyOf(secret: unknown): Buffer | undefined {
  if (secret === undefined) return undefined
  if (typeof secret !== 'string' || secret === '') {
    const hint = 'If it comes from the environment: is that variable set?'
    throw invalidOption('webhook', 'secret', 'must be a text that is not empty', hint)
  }
  const key = secretBytes(secret)
  if (key === undefined) throw invalidOption('webhook', 'secret', 'has no base64 behind whsec_')
  return key
}

function requireWhole(option: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
  throw invalidOption('webhook', option, `must be a whole number from ${least} to ${most}`)
}

function openWriter(settings: Settings): SinkWriter {
  const { batch: most, format, headers, key, where } = settings
  const own = randomUUID()
  const contentType = format === 'cloudevents' ? 'application/cloudevents-batch+json' : 'application/json'
  const host = hostname()
  let closed = false

  const send = (events: readonly FileEvent[], run: string): Promise<void> => {
    // The same at each attempt, so that what was taken twice can be told.
    const id = `${run}.${events[0]!.seq}.${events.length}`
    const list = events.map((event) => toRecord(format, event, { id: `${run}.${event.seq}`, host }))
    const body = JSON.stringify(list)
    const seconds = Math.floor(Date.now() / 1000)
    const all = {
      'content-type': contentType,
      'user-agent': 'fsflow',
      ...headers,
      'fsflow-run': run,
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      ...(key !== undefined && { 'webhook-signature': signature(key, id, seconds, body) }),
    }
    return post(settings, all, body)
  }

  const writeError = (cause: unknown, lost: number): SinkWriteError => {
    const { final, retryAfter } = cause instanceof PostError ? cause : { final: true, retryAfter: 0 }
    return new SinkWriteError({
      code: 'FSFLOW_SINK_WRITE',
      message: `webhook: cannot send to ${where}: ${messageOf(cause)}; ${lost} event${lost === 1 ? '' : 's'} not sent`,
      cause,
      lost,
      final,
      retryAfter,
    })
  }

  return {
    ownFiles: [],
    async write(batch, run = own) {
      if (closed) throw writeError(new Error('the sink is closed'), batch.length)
      for (let at = 0; at < batch.length; at += most) {
        await send(batch.slice(at, at + most), run).catch((error: unknown) => {
          throw writeError(error, batch.length - at)
        })
      }
    },
    close() {
      closed = true
      return Promise.resolve()
    },
  }
}
