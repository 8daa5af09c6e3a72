import { webhook } from '../../src/sinks/index.js'
import { webhookServer, type Answering } from '../helpers/webhookServer.js'
import { withDirectory } from '../helpers/withDirectory.js'
import type { Arrived } from './Destination.js'
import type { FaultCase } from './FaultCase.js'
import { spoolOf, throughOutage } from './outages.js'

const answers: readonly (readonly [name: string, answer: Answering])[] = [
  ['answers 500', (_, response) => response.writeHead(500).end()],
  ['answers 429', (_, response) => response.writeHead(429, { 'retry-after': '0' }).end()],
  ['does not answer', () => undefined],
  ['closes the connection', (_, response) => response.destroy()],
]

/** The requests that were taken, each an array of events. */
function taken(bodies: readonly string[]): Arrived {
  const paths: string[] = []
  let corrupt = 0
  for (const body of bodies) {
    try {
      for (const { file_path: path } of JSON.parse(body) as { file_path: string }[])
        if (path !== '') paths.push(path)
    } catch {
      corrupt++
    }
  }
  return { paths, corrupt }
}

export const webhookCases: readonly FaultCase[] = answers.map(([name, answer]) => ({
  name: `webhook ${name}`,
  fault: ({ outage }) => `the server ${name} for ${outage / 1000} s`,
  requires: [],
  run: ({ events, outage }) =>
    withDirectory(async (directory) => {
      const server = await webhookServer()
      const bodies: string[] = []
      const take: Answering = ({ body }, response) => {
        bodies.push(body)
        response.writeHead(204).end()
      }
      server.answer = take
      try {
        return await throughOutage({
          sink: webhook({ url: server.url, timeout: 200 }),
          events,
          duration: outage,
          deliver: spoolOf(directory),
          begin: () => void (server.answer = answer),
          end: () => void (server.answer = take),
          arrived: () => taken(bodies),
        })
      } finally {
        await server.close()
      }
    }),
}))
