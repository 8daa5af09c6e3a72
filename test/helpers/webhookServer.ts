import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Answers a request; `undefined` is an answer with 204. */
export type Answering = (request: Received, response: ServerResponse) => void

export interface WebhookServer {
  readonly url: string
  /** All requests, taken or not. */
  readonly received: Received[]
  answer: Answering | undefined
  close(): Promise<void>
}

/** A server on loopback that keeps what is sent to it. */
export function webhookServer(): Promise<WebhookServer> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part))
    request.on('end', () => {
      const entry = { path: request.url!, headers: request.headers, body }
      received.push(entry)
      if (made.answer === undefined) response.writeHead(204).end()
      else made.answer(entry, response)
    })
  })
  const made: WebhookServer = {
    url: '',
    received,
    answer: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(Object.assign(made, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))
    })
  })
}
