import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { FileEvent, WireEvent } from '../../src/events/index.js'
import type { CloudEvent } from '../../src/formats/index.js'
import { definePipeline, deliver, run } from '../../src/pipeline/index.js'
import { webhook, type WebhookSinkOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { memorySource } from '../../src/testing/memorySource.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { recordLaws } from '../helpers/recordLaws.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { webhookServer, type Answering, type WebhookServer } from '../helpers/webhookServer.js'

let server: WebhookServer
beforeAll(async () => {
  server = await webhookServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.received.length = 0
  server.answer = undefined
})

const batch = (count: number): FileEvent[] =>
  Array.from({ length: count }, (_, seq) => fileEvent(`CREATE /${seq}`, { seq }))
const sentTo = (path: string): unknown[] =>
  server.received
    .filter((request) => request.path === path)
    .flatMap(({ body }) => JSON.parse(body) as unknown[])
const bodies = (): unknown[][] => server.received.map(({ body }) => JSON.parse(body) as unknown[])

/** Answers the first requests with these, in their order, and then with success. */
function first(...answers: readonly Answering[]): void {
  server.answer = (request, response) => {
    const answer = answers[server.received.length - 1]
    if (answer === undefined) response.writeHead(200).end('taken')
    else answer(request, response)
  }
}
const status =
  (code: number, headers: Record<string, string> = {}): Answering =>
  (_, response) =>
    response.writeHead(code, headers).end('not now')

describe('webhook', () => {
  let place = 0
  const laws = sinkLaws(() => {
    const path = `/${place++}`
    return { sink: webhook({ url: server.url + path }), read: () => Promise.resolve(sentTo(path)) }
  })
  it.each(laws)('$name', (law) => law.run())

  const formatted = recordLaws((format) => {
    const path = `/${place++}`
    return { sink: webhook({ url: server.url + path, format }), read: () => Promise.resolve(sentTo(path)) }
  })
  it.each(formatted)('$name', (law) => law.run())

  it('sends so many events in a request, with headers that tell the requests apart', async () => {
    const writer = await webhook({ url: server.url, batch: 2, headers: { Authorization: 'Bearer x' } }).open(
      sinkContext(),
    )
    await writer.write(batch(5))
    await writer.close()
    expect(bodies().map((list) => list.map((event) => (event as WireEvent).seq))).toEqual([
      [0, 1],
      [2, 3],
      [4],
    ])
    const ids = server.received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(3)
    expect(server.received[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer x',
    })
    expect(server.received[0]!.headers).not.toHaveProperty('webhook-signature')
  })

  it('signs what it sends', async () => {
    const writer = await webhook({ url: server.url, secret: 'secret' }).open(sinkContext())
    await writer.write(batch(1))
    await writer.close()
    const { headers, body } = server.received[0]!
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', 'secret').update(signed).digest('base64')}`,
    )
  })

  it('sends CloudEvents, each with an id of its own', async () => {
    const writer = await webhook({ url: server.url, format: 'cloudevents', batch: 2 }).open(sinkContext())
    await writer.write(batch(3))
    await writer.close()
    expect(server.received[0]!.headers['content-type']).toBe('application/cloudevents-batch+json')
    const events = bodies().flat() as CloudEvent[]
    expect(events.map(({ specversion, type, subject }) => [specversion, type, subject])).toEqual(
      [0, 1, 2].map((seq) => ['1.0', 'fsflow.create', `/${seq}`]),
    )
    expect(new Set(events.map(({ id }) => id)).size).toBe(3)
  })

  it.each(['ecs', 'ocsf'] as const)('sends %s, each with an id of its own', async (format) => {
    const writer = await webhook({ url: server.url, format, batch: 2 }).open(sinkContext())
    await writer.write(batch(3))
    await writer.close()
    expect(server.received[0]!.headers['content-type']).toBe('application/json')
    const events = bodies().flat() as { event?: { id: string }; metadata?: { uid: string } }[]
    const ids = events.map(({ event, metadata }) => (format === 'ecs' ? event?.id : metadata?.uid))
    expect(new Set(ids).size).toBe(3)
    expect(ids).not.toContain(undefined)
  })

  it.each<[string, Answering, number]>([
    ['500', status(500), 0],
    ['503 with Retry-After', status(503, { 'retry-after': '7' }), 7000],
    ['429', status(429), 0],
    ['408', status(408), 0],
    ['a connection that is closed', (_, response) => response.destroy(), 0],
    ['no answer', () => undefined, 0],
  ])('after %s, says what was not sent, and when to try it again', async (_, answer, retryAfter) => {
    first(status(200), answer)
    const writer = await webhook({ url: server.url, timeout: 300, batch: 2 }).open(sinkContext())
    const events = batch(5)
    await expect(writer.write(events, 'run')).rejects.toMatchObject({ lost: 3, final: false, retryAfter })
    await writer.write(events.slice(2), 'run')
    await writer.close()
    expect(bodies().map((list) => list.length)).toEqual([2, 2, 2, 1])
    const ids = server.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual(['run.0.2', 'run.2.2', 'run.2.2', 'run.4.1'])
    expect(server.received.map(({ headers }) => headers['fsflow-run'])).toEqual(Array(4).fill('run'))
  })

  it('is kept on disk and tried again by the run', async () => {
    await withDirectory(async (directory) => {
      first(status(500), status(503))
      const sink = deliver(webhook({ url: server.url }), {
        spool: { path: join(directory, 'x.db') },
        retry: { first: 1 },
      })
      const source = memorySource(batch(3), { complete: true })
      const summary = await run(definePipeline({ source, sinks: [sink] })).done
      expect(summary.sinks).toMatchObject([{ delivered: summary.events, dropped: 0, spooled: 0, retries: 2 }])
      const ids = server.received.map(({ headers }) => headers['webhook-id'])
      expect([ids.length, new Set(ids).size]).toEqual([3, 1])
    })
  })

  it.each<[number, string]>([
    [400, 'the answer is 400'],
    [401, 'the answer is 401'],
    [410, 'the answer is 410'],
    [301, 'the answer is 301'],
  ])('after %i, fails at once with what was not sent', async (code, message) => {
    first(status(200), status(code, { location: `${server.url}/other` }))
    const writer = await webhook({ url: `${server.url}/hook?token=x`, batch: 2 }).open(sinkContext())
    await expect(writer.write(batch(5))).rejects.toMatchObject({
      code: 'FSFLOW_SINK_WRITE',
      lost: 3,
      final: true,
      message: `webhook: cannot send to ${server.url}/hook: ${message}; 3 events not sent`,
    })
    expect(server.received).toHaveLength(2)
    await writer.close()
  })

  it('says why there is no connection', async () => {
    const other = await webhookServer()
    await other.close()
    const writer = await webhook({ url: other.url }).open(sinkContext())
    await expect(writer.write(batch(1))).rejects.toThrow('ECONNREFUSED')
    await writer.close()
  })

  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [{}, 'url must be a URL'],
    [{ url: 'example.org' }, 'url must be a URL'],
    [{ url: 'ftp://example.org' }, 'url must be a URL'],
    [{ url: 'https://me:secret@example.org' }, 'url has a name or a password in it'],
    [{ url: 'http://a', batch: 0 }, 'batch must be a whole number'],
    [{ url: 'http://a', timeout: 0 }, 'timeout must be a whole number'],
    [{ url: 'http://a', retryFor: 1 }, 'retryFor is not an option'],
    [{ url: 'http://a', secret: '' }, 'secret must be a text that is not empty'],
    [{ url: 'http://a', secret: 'whsec_?' }, 'secret has no base64 behind whsec_'],
    [{ url: 'http://a', format: 'xml' }, 'format is not known'],
    [{ url: 'http://a', headers: { 'a b': 'x' } }, 'headers cannot be sent'],
    [{ url: 'http://a', method: 'PUT' }, 'method is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => webhook(options as WebhookSinkOptions)).toThrow(`webhook: ${message}`)
  })
})
