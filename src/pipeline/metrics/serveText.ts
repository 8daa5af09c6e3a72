import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'

const HOST = '127.0.0.1'

export interface Text {
  readonly type: string
  readonly text: string
}

/** Rejects with FSFLOW_METRICS when the port cannot be had. */
export async function requireFreePort(port: number): Promise<void> {
  const server = await listen(port, () => undefined)
  await closed(server)
}

/** Serves one text on the loopback interface, made anew for each request. Does not keep the process alive. */
export async function serveText(
  port: number,
  path: string,
  make: () => Promise<Text>,
): Promise<{ close(): Promise<void> }> {
  const server = await listen(port, ({ method = '', url = '' }, response) => {
    const found = url.split('?', 1)[0] === path
    if (!found || (method !== 'GET' && method !== 'HEAD')) {
      response.writeHead(found ? 405 : 404, { 'content-type': 'text/plain' })
      response.end(found ? 'GET only\n' : `see ${path}\n`)
      return
    }
    make().then(
      ({ type, text }) =>
        response.writeHead(200, { 'content-type': type }).end(method === 'HEAD' ? '' : text),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    )
  })
  server.unref()
  return { close: () => closed(server) }
}

async function listen(port: number, listener: RequestListener): Promise<Server> {
  // Nobody holds the end of a run up by a request that he does not send.
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 },
    listener,
  )
  try {
    server.listen(port, HOST)
    await once(server, 'listening')
    return server
  } catch (cause) {
    throw new FsflowError({
      code: 'FSFLOW_METRICS',
      message: `metrics: cannot listen on ${HOST}:${port}: ${messageOf(cause)}`,
      hint: 'Give another port, or end the program that uses it.',
      cause,
    })
  }
}

async function closed(server: Server): Promise<void> {
  const end = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await end
}
