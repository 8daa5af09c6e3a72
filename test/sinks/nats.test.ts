import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Issue, RunContext, SinkWriter } from '../../src/contracts/index.js'
import { toWire, type FileEvent, type WireEvent } from '../../src/events/index.js'
import type { CloudEvent } from '../../src/formats/index.js'
import { nats, type NatsSinkOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { freePort } from '../helpers/freePort.js'
import { itWithNats } from '../helpers/itWithNats.js'
import { NatsServer } from '../helpers/natsServer.js'
import { recordLaws } from '../helpers/recordLaws.js'
import { itWith, program } from '../helpers/requires.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const hasServer = program('nats-server').met()
let server: NatsServer
beforeAll(async () => {
  if (hasServer) server = await NatsServer.start()
})
afterAll(async () => {
  if (hasServer) await server.close()
})

const batch = (count: number, from = 0): FileEvent[] =>
  Array.from({ length: count }, (_, index) => fileEvent(`CREATE /d/${from + index}`, { seq: from + index }))
const seqs = (bodies: readonly unknown[]): number[] => bodies.map((body) => (body as WireEvent).seq)

let streams = 0
/** A stream of its own for each test: subjects must not overlap. */
function place(): { stream: string; subject: string } {
  const name = `test${++streams}`
  return { stream: name, subject: name }
}

async function withWriter(
  options: NatsSinkOptions,
  use: (writer: SinkWriter) => Promise<void>,
  context: RunContext = sinkContext(),
): Promise<void> {
  const writer = await nats(options).open(context)
  try {
    await use(writer)
  } finally {
    await writer.close()
  }
}

describe('nats', () => {
  const laws = sinkLaws(() => {
    const at = place()
    return { sink: nats({ servers: server.url, ...at }), read: () => server.bodies(at.stream) }
  })
  for (const law of laws) itWithNats(law.name, () => law.run())

  const formatted = recordLaws((format) => {
    const at = place()
    return { sink: nats({ servers: server.url, ...at, format }), read: () => server.bodies(at.stream) }
  })
  for (const law of formatted) itWithNats(law.name, () => law.run())

  itWithNats('makes the stream as it is told, and uses one that is there', async () => {
    const at = place()
    const create = { storage: 'memory', maxAge: '1h', maxBytes: 1_000_000, duplicateWindow: '5m' } as const
    await withWriter({ servers: server.url, ...at, create }, (writer) => writer.write(batch(1)))
    const admin = await server.admin()
    const { config } = await admin.streams.info(at.stream)
    expect(config).toMatchObject({
      subjects: [`${at.subject}.>`],
      storage: 'memory',
      max_age: 3600e9,
      max_bytes: 1_000_000,
      duplicate_window: 300e9,
      num_replicas: 1,
    })
    await withWriter({ servers: server.url, ...at }, (writer) => writer.write(batch(1)))
    expect((await admin.streams.info(at.stream)).config).toEqual(config)
  })

  itWithNats('gives each event a subject of host and path, and the id of run and number', async () => {
    const at = place()
    const sink = nats({ servers: server.url, ...at, host: 'web1.example.org' })
    const writer = await sink.open(sinkContext())
    await writer.write(
      [fileEvent('CREATE /srv/www/a.html', { seq: 7 }), fileEvent('OVERFLOW', { seq: 8 })],
      'run1',
    )
    await writer.close()
    const messages = await server.messages(at.stream)
    expect(messages.map(({ subject }) => subject)).toEqual([
      `${at.subject}.web1%2Eexample%2Eorg.srv.www.a%2Ehtml`,
      `${at.subject}.web1%2Eexample%2Eorg.%control`,
    ])
    expect(messages.map(({ header }) => header.get('Nats-Msg-Id'))).toEqual(['run1.7', 'run1.8'])
  })

  itWithNats('an event that is sent again is there once; one of another run is another', async () => {
    const at = place()
    const events = batch(300)
    await withWriter({ servers: server.url, ...at }, async (writer) => {
      await writer.write(events, 'run1')
      await writer.write(events.slice(100), 'run1')
    })
    await withWriter({ servers: server.url, ...at }, (writer) => writer.write(events, 'run1'))
    expect(await server.bodies(at.stream)).toEqual(events.map(toWire))
    await withWriter({ servers: server.url, ...at }, (writer) => writer.write(events))
    expect(await server.bodies(at.stream)).toHaveLength(600)
  })

  itWithNats(
    'has no more messages on their way than it may, and sends one at a time if told so',
    async () => {
      const at = place()
      await withWriter({ servers: server.url, ...at, inFlight: 1 }, (writer) => writer.write(batch(200)))
      expect(seqs(await server.bodies(at.stream))).toEqual(Array.from({ length: 200 }, (_, seq) => seq))
    },
  )

  itWithNats(
    'a server that is killed and started again: nothing is lost, nothing is twice, in order',
    async () => {
      const other = await NatsServer.start()
      const at = place()
      const total = 6000
      let restarts = 0
      let refused = 0
      try {
        await withWriter({ servers: other.url, ...at, inFlight: 64 }, async (writer) => {
          let restarting: Promise<void> | undefined
          for (let from = 0; from < total; from += 500) {
            let left = batch(500, from)
            if (from === 1000 || from === 4000) {
              restarts++
              restarting = other.stop().then(() => other.startAgain())
            }
            // What a run does: the events that the error names are given again.
            while (left.length > 0) {
              const written = await writer.write(left).then(
                () => left.length,
                (error: unknown) => {
                  expect(error).toMatchObject({ code: 'FSFLOW_SINK_WRITE', final: false })
                  refused++
                  return left.length - (error as { lost: number }).lost
                },
              )
              left = left.slice(written)
              if (left.length > 0) await restarting
            }
          }
          await restarting
        })
        expect(restarts).toBe(2)
        expect(refused).toBeGreaterThan(0)
        expect(seqs(await other.bodies(at.stream))).toEqual(Array.from({ length: total }, (_, seq) => seq))
      } finally {
        await other.close()
      }
    },
  )

  itWithNats('connects anew within one write when the server is back already', async () => {
    const other = await NatsServer.start()
    const at = place()
    try {
      await withWriter({ servers: other.url, ...at }, async (writer) => {
        await writer.write(batch(10))
        await other.stop()
        await other.startAgain()
        await writer.write(batch(10, 10))
      })
      expect(seqs(await other.bodies(at.stream))).toEqual(Array.from({ length: 20 }, (_, seq) => seq))
    } finally {
      await other.close()
    }
  })

  itWithNats(
    'an event that is larger than the server takes fails for good, after what stands before it',
    async () => {
      const other = await NatsServer.start('max_payload: 4096')
      const at = place()
      try {
        const writer = await nats({ servers: other.url, ...at }).open(sinkContext())
        const huge = fileEvent('CREATE /d/huge', {
          seq: 3,
          operationDetails: { description: 'x'.repeat(5000), sizeChange: null },
        })
        await expect(writer.write([...batch(3), huge, ...batch(2, 4)])).rejects.toMatchObject({
          code: 'FSFLOW_SINK_WRITE',
          lost: 3,
          final: true,
          message: expect.stringMatching(/^nats: .*max_payload.*; 3 events not acknowledged$/) as unknown,
        })
        await writer.close()
        expect(seqs(await other.bodies(at.stream)).slice(0, 3)).toEqual([0, 1, 2])
      } finally {
        await other.close()
      }
    },
  )

  itWithNats('sends CloudEvents, each with the id of run and number', async () => {
    const at = place()
    await withWriter({ servers: server.url, ...at, format: 'cloudevents' }, (writer) =>
      writer.write(batch(3), 'run1'),
    )
    const events = (await server.bodies(at.stream)) as CloudEvent[]
    expect(events.map(({ id, data }) => [id, data.seq])).toEqual([
      ['run1.0', 0],
      ['run1.1', 1],
      ['run1.2', 2],
    ])
  })

  itWithNats('sends no more on a stream that another pipeline has taken over, and says why', async () => {
    const at = place()
    const admin = await server.admin()
    await admin.streams.add({ name: at.stream, subjects: ['other.things.>'] })
    const refusal = {
      code: 'FSFLOW_SINK_OPEN',
      message: `nats: the stream ${at.stream} does not take ${at.subject}.>, but other.things.>`,
    }
    await expect(nats({ servers: server.url, ...at }).check()).rejects.toMatchObject(refusal)
    await expect(nats({ servers: server.url, ...at }).open(sinkContext())).rejects.toMatchObject(refusal)
  })

  itWithNats('makes no stream when it is not to', async () => {
    const at = place()
    const sink = nats({ servers: server.url, ...at, create: false })
    const refusal = { code: 'FSFLOW_SINK_OPEN', message: `nats: there is no stream ${at.stream}` }
    await expect(sink.check()).rejects.toMatchObject(refusal)
    await expect(sink.open(sinkContext())).rejects.toMatchObject(refusal)
  })

  it('says that nobody listens, or begins and waits', async () => {
    // A port that was free a moment ago.
    const closed = await freePort()
    const at = place()
    const options = { servers: `nats://127.0.0.1:${closed}`, ...at }
    const refusal = {
      code: 'FSFLOW_SINK_OPEN',
      message: expect.stringMatching(
        new RegExp(`^nats: cannot reach nats://127.0.0.1:${closed}: .*refused`),
      ) as unknown,
    }
    await expect(nats(options).check()).rejects.toMatchObject(refusal)
    await expect(nats(options).open(sinkContext())).rejects.toMatchObject(refusal)

    const issues: Issue[] = []
    const waiting = nats({ ...options, whenUnreachable: 'wait' })
    await waiting.check()
    const writer = await waiting.open({ ...sinkContext(), report: (issue) => issues.push(issue) })
    expect(issues.map(({ code }) => code)).toEqual(['FSFLOW_SINK_WAITS'])
    await expect(writer.write(batch(2))).rejects.toMatchObject({
      code: 'FSFLOW_SINK_WRITE',
      lost: 2,
      final: false,
    })
    await writer.close()
  })

  describe('logs in', () => {
    const use = async (
      config: string,
      right: Partial<NatsSinkOptions>,
      wrong: Partial<NatsSinkOptions>,
      login: object,
    ): Promise<void> => {
      const other = await NatsServer.start(config, login)
      const at = place()
      try {
        await withWriter({ servers: other.url, ...at, ...right }, (writer) => writer.write(batch(1)))
        expect(await other.bodies(at.stream)).toHaveLength(1)
        for (const options of [wrong, {}]) {
          await expect(nats({ servers: other.url, ...at, ...options }).check()).rejects.toMatchObject({
            code: 'FSFLOW_SINK_OPEN',
            message: expect.stringContaining(`${other.url} rejects the login`) as unknown,
          })
        }
      } finally {
        await other.close()
      }
    }

    itWithNats('by name and password', () =>
      use(
        'authorization { user: agent, password: right }',
        { user: 'agent', pass: 'right' },
        { user: 'agent', pass: 'wrong' },
        { user: 'agent', pass: 'right' },
      ),
    )

    itWithNats('by token', () =>
      use('authorization { token: right }', { token: 'right' }, { token: 'wrong' }, { token: 'right' }),
    )

    itWithNats('says that a file of credentials cannot be read', async () => {
      const sink = nats({ servers: server.url, ...place(), credentials: '/nowhere/agent.creds' })
      await expect(sink.check()).rejects.toMatchObject({
        code: 'FSFLOW_SINK_OPEN',
        message: expect.stringMatching(/^nats: cannot read \/nowhere\/agent\.creds: ENOENT/) as unknown,
      })
    })

    itWithNats('may write under its own host only, where the server says so', async () => {
      const config = `authorization { users: [
        { user: admin, password: admin },
        { user: web1, password: web1, permissions: {
          publish: ["files.web1.>", "$JS.API.STREAM.INFO.FILES"], subscribe: ["_INBOX.>"] } } ] }`
      const other = await NatsServer.start(config, { user: 'admin', pass: 'admin' })
      try {
        await (await other.admin()).streams.add({ name: 'FILES', subjects: ['files.>'] })
        const options = { servers: other.url, stream: 'FILES', subject: 'files', user: 'web1', pass: 'web1' }
        const sink = { ...options, create: false }
        await withWriter({ ...sink, host: 'web1' }, (writer) => writer.write(batch(2)))
        const writer = await nats({ ...sink, host: 'web2' }).open(sinkContext())
        await expect(writer.write(batch(2))).rejects.toMatchObject({
          lost: 2,
          final: true,
          message: expect.stringMatching(/^nats: the server refuses it: /) as unknown,
        })
        await writer.close()
        expect(await other.bodies('FILES')).toHaveLength(2)
      } finally {
        await other.close()
      }
    })
  })

  itWithNats('will not do without encryption when it is to be', async () => {
    for (const options of [
      { servers: `tls://127.0.0.1:${server.port}` },
      { servers: server.url, tls: true },
    ]) {
      await expect(nats({ ...options, ...place() }).check()).rejects.toMatchObject({
        code: 'FSFLOW_SINK_OPEN',
        message: expect.stringMatching(
          /^nats: no encrypted connection to .*does not support 'tls'/,
        ) as unknown,
      })
    }
  })

  itWith([program('nats-server'), program('openssl')], 'encrypts, with certificates on both sides', () =>
    withDirectory(async (directory) => {
      const file = (name: string): string => join(directory, name)
      const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' })
      const subject = ['-nodes', '-subj', '/CN=test', '-addext', 'subjectAltName=DNS:localhost']
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
      openssl('req', '-x509', ...key, ...subject, '-keyout', file('key'), '-out', file('cert'))
      const paths = `cert_file: "${file('cert')}", key_file: "${file('key')}"`
      const pem = (name: string): string => readFileSync(file(name), 'utf8')
      const own = { ca: pem('cert'), cert: pem('cert'), key: pem('key') }
      const other = await NatsServer.start(`tls { ${paths}, ca_file: "${file('cert')}", verify: true }`, {
        tls: own,
      })
      const url = `nats://localhost:${other.port}`
      try {
        const at = place()
        const tls = { ca: file('cert'), cert: file('cert'), key: file('key') }
        await withWriter({ servers: url, ...at, tls }, (writer) => writer.write(batch(3)))
        expect(await other.bodies(at.stream)).toHaveLength(3)
        const wrong = nats({ servers: url, ...at, tls: true })
        await expect(wrong.check()).rejects.toMatchObject({
          code: 'FSFLOW_SINK_OPEN',
          message: expect.stringContaining(`nats: no encrypted connection to ${url}`) as unknown,
        })
        await expect(nats({ servers: url, ...at, tls: { ca: file('none') } }).check()).rejects.toThrow(
          `nats: cannot read ${file('none')}: ENOENT`,
        )
      } finally {
        await other.close()
      }
    }),
  )

  itWithNats('leaves no connection open', async () => {
    const at = place()
    const before = server.connections()
    const writer = await nats({ servers: server.url, ...at }).open(sinkContext())
    await writer.write(batch(10))
    expect(server.connections()).toBe(before + 1)
    await writer.close()
    await expect(nats({ servers: server.url, stream: at.stream, subject: 'x' }).check()).rejects.toThrow()
    await until(
      () => server.connections() === before,
      () => `${before} connections, not ${server.connections()}`,
    )
  })

  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [{}, 'servers must be addresses'],
    [{ servers: [] }, 'servers is empty'],
    [{ servers: 'http://a', stream: 'A' }, 'servers must be addresses'],
    [{ servers: 'nats://a/path', stream: 'A' }, 'servers must be addresses'],
    [{ servers: 'nats://me:secret@a', stream: 'A' }, 'servers has a name or a password in it'],
    [{ servers: 'a' }, 'stream must be a name'],
    [{ servers: 'a', stream: 'A.B' }, 'stream must be a name'],
    [{ servers: 'a', stream: 'A', subject: 'a.>' }, 'subject must be a subject without wildcards'],
    [{ servers: 'a', stream: 'A', host: '' }, 'host must be a text'],
    [{ servers: 'a', stream: 'A', inFlight: 0 }, 'inFlight must be a whole number'],
    [{ servers: 'a', stream: 'A', timeout: 0 }, 'timeout must be a whole number'],
    [{ servers: 'a', stream: 'A', format: 'xml' }, 'format is not known'],
    [{ servers: 'a', stream: 'A', whenUnreachable: 'try' }, 'whenUnreachable is not known'],
    [{ servers: 'a', stream: 'A', create: 1 }, 'create must be true, false, or an object'],
    [{ servers: 'a', stream: 'A', create: { storage: 's3' } }, 'create.storage is not known'],
    [{ servers: 'a', stream: 'A', create: { maxAge: 7 } }, 'create.maxAge must be a duration'],
    [{ servers: 'a', stream: 'A', create: { maxAge: '1m' } }, 'create.duplicateWindow must not be longer'],
    [{ servers: 'a', stream: 'A', create: { replicas: 9 } }, 'create.replicas must be a whole number'],
    [{ servers: 'a', stream: 'A', create: { size: 9 } }, 'size is not an option'],
    [{ servers: 'a', stream: 'A', user: 'a' }, 'pass must be a text'],
    [{ servers: 'a', stream: 'A', token: '' }, 'token must be a text'],
    [{ servers: 'a', stream: 'A', token: 'a', user: 'a', pass: 'a' }, 'credentials must be one of'],
    [{ servers: 'a', stream: 'A', tls: 'yes' }, 'tls must be true, false, or an object'],
    [{ servers: 'a', stream: 'A', tls: { cert: 'a' } }, 'tls must have cert and key, or neither'],
    [{ servers: 'a', stream: 'A', tls: { pfx: 'a' } }, 'tls.pfx is not an option'],
    [{ servers: 'tls://a', stream: 'A', tls: false }, 'tls is false, but a server is tls://'],
    [{ servers: 'a', stream: 'A', queue: 1 }, 'queue is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => nats(options as NatsSinkOptions)).toThrow(`nats: ${message}`)
  })
})
