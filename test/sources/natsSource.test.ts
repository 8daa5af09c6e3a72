import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventTypes, toWire, type FileEvent, type WireEvent } from '../../src/events/index.js'
import { definePipeline, run } from '../../src/pipeline/index.js'
import { nats } from '../../src/sinks/index.js'
import { natsSource, type NatsSourceOptions } from '../../src/sources/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { hostileNames } from '../../src/testing/hostileNames.js'
import { memorySink } from '../../src/testing/memorySink.js'
import { start, type Running } from '../cli/fsflow.js'
import { itWithNats } from '../helpers/itWithNats.js'
import { NatsServer } from '../helpers/natsServer.js'
import { program } from '../helpers/requires.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { SourceProbe, sourceRequest } from '../helpers/SourceProbe.js'
import { until } from '../helpers/until.js'

const hasServer = program('nats-server').met()
let server: NatsServer
beforeAll(async () => {
  if (hasServer) server = await NatsServer.start()
})
afterAll(async () => {
  if (hasServer) await server.close()
})

let streams = 0
const place = (): { stream: string; subject: string } => {
  const name = `source${++streams}`
  return { stream: name, subject: name }
}

interface SendOptions {
  readonly host?: string
  readonly to?: NatsServer
}

/** Sends events as an agent does. */
async function send(
  at: { stream: string; subject: string },
  events: readonly FileEvent[],
  { host = 'web1', to = server }: SendOptions = {},
): Promise<void> {
  const writer = await nats({ servers: to.url, ...at, host }).open(sinkContext())
  await writer.write(events)
  await writer.close()
}

const batch = (count: number, from = 0): FileEvent[] =>
  Array.from({ length: count }, (_, index) => fileEvent(`CREATE /d/${from + index}`, { seq: from + index }))

function probe(stream: string, options: Partial<NatsSourceOptions> = {}): SourceProbe {
  return new SourceProbe(natsSource({ servers: server.url, stream, consumer: 'work', ...options }))
}

const files = ({ events }: SourceProbe): FileEvent[] => events.filter(({ isControl }) => !isControl)
const got = (one: SourceProbe, count: number): Promise<void> =>
  until(
    () => files(one).length >= count,
    () => `${count} events, not ${files(one).length}; ${String(one.error)}`,
  )

async function pending(
  stream: string,
  consumer = 'work',
): Promise<{ unacknowledged: number; waiting: number }> {
  const { num_ack_pending, num_pending } = await (await server.admin()).consumers.info(stream, consumer)
  return { unacknowledged: num_ack_pending, waiting: num_pending }
}

async function untilAcknowledged(stream: string): Promise<void> {
  let last: unknown
  for (let isDone = false; !isDone;) {
    const found = await pending(stream)
    last = found
    isDone = found.unacknowledged === 0 && found.waiting === 0
  }
  expect(last).toEqual({ unacknowledged: 0, waiting: 0 })
}

describe('natsSource', () => {
  itWithNats('tells events as they were, numbered anew, without the borders of the hosts', async () => {
    const at = place()
    const events = [
      fileEvent('MONITOR_START', { seq: 1, source: 'inotify' }),
      fileEvent('CREATE /a/b', { seq: 2, source: 'inotify' }),
      fileEvent('RENAME /a/b -> /a/c', { seq: 7, source: 'inotify', synthetic: true }),
      fileEvent('OVERFLOW', { seq: 8, controlDetails: { code: 'FSFLOW_KERNEL', message: 'lost' } }),
      fileEvent('MONITOR_STOP', { seq: 9 }),
    ]
    await send(at, events)
    const one = await probe(at.stream).ready()
    await until(
      () => one.events.length === 4,
      () => `4 events, not ${one.events.length}`,
    )
    await one.stop()
    expect(one.ended).toBe('complete')
    expect(one.events[0]).toMatchObject({
      seq: 1,
      eventType: 'MONITOR_START',
      source: 'nats',
      controlDetails: { message: `consuming the stream ${at.stream} as work` },
    })
    expect(one.events.slice(1)).toEqual([1, 2, 3].map((index) => events[index]!.with({ seq: index + 1 })))
    await untilAcknowledged(at.stream)
  })

  itWithNats('tells every type, field and name as it was', async () => {
    const at = place()
    const named = hostileNames.map((name, index) => {
      const bytes = Buffer.concat([Buffer.from('/d/'), Buffer.from(name as string)])
      const isText = typeof name === 'string'
      return fileEvent({
        filePath: bytes.toString(),
        seq: index,
        ...(!isText && { filePathBytes: new Uint8Array(bytes) }),
      })
    })
    const typed = eventTypes
      .filter((type) => !/^MONITOR/.test(type))
      .map((eventType, index) => fileEvent({ eventType, filePath: '/x', seq: 1000 + index, merged: true }))
    const events = [...named, ...typed]
    await send(at, events)
    const one = await probe(at.stream).ready()
    await until(
      () => one.events.length === events.length + 1,
      () => `${events.length + 1} events, not ${one.events.length}`,
    )
    await one.stop()
    expect(one.events.slice(1).map(toWire)).toEqual(
      events.map((event, index) => toWire(event.with({ seq: index + 2 }))),
    )
  })

  itWithNats('tells those below a directory of a host only, and gives them their root', async () => {
    const at = place()
    const paths = ['/srv/www/a.ts', '/srv/www', '/srv/wwwx/b', '/srv/www/deep/er/c', '/etc/d']
    for (const host of ['web1', 'web2.example.org']) {
      await send(
        at,
        paths.map((path, seq) => fileEvent(`CREATE ${path}`, { seq })),
        { host },
      )
    }
    const filter = `${at.subject}.web2%2Eexample%2Eorg.srv.www.>`
    const one = await probe(at.stream, { filter, roots: ['/srv'] }).ready()
    await got(one, 2)
    await untilAcknowledged(at.stream)
    await one.stop()
    expect(files(one).map(({ filePath, root }) => [filePath, root])).toEqual([
      ['/srv/www/a.ts', '/srv'],
      ['/srv/www/deep/er/c', '/srv'],
    ])
  })

  itWithNats('reads CloudEvents too', async () => {
    const at = place()
    const writer = await nats({ servers: server.url, ...at, format: 'cloudevents' }).open(sinkContext())
    await writer.write(batch(2))
    await writer.close()
    const one = await probe(at.stream).ready()
    await got(one, 2)
    await one.stop()
    expect(files(one).map(({ filePath }) => filePath)).toEqual(['/d/0', '/d/1'])
  })

  itWithNats('goes on after what an earlier run has taken', async () => {
    const at = place()
    await send(at, batch(10))
    const first = await probe(at.stream).ready()
    await got(first, 10)
    await first.stop()
    await untilAcknowledged(at.stream)
    await send(at, batch(5, 10))
    const second = await probe(at.stream).ready()
    await got(second, 5)
    await second.stop()
    expect(files(second).map(({ filePath }) => filePath)).toEqual(
      [10, 11, 12, 13, 14].map((seq) => `/d/${seq}`),
    )
  })

  itWithNats('begins with what comes, if told so', async () => {
    const at = place()
    await send(at, batch(10))
    const one = await probe(at.stream, { from: 'new' }).ready()
    await send(at, batch(2, 10))
    await got(one, 2)
    await one.stop()
    expect(files(one).map(({ filePath }) => filePath)).toEqual(['/d/10', '/d/11'])
  })

  itWithNats('a message that is not an event is told, left out and not given out again', async () => {
    const at = place()
    await send(at, batch(1))
    const admin = await server.admin()
    await admin.jetstream().publish(`${at.subject}.web1.x`, '{"event_type":"NONE"}')
    await admin.jetstream().publish(`${at.subject}.web1.y`, Uint8Array.of(0xff))
    await send(at, batch(1, 5))
    const one = await probe(at.stream).ready()
    await got(one, 2)
    await untilAcknowledged(at.stream)
    await one.stop()
    expect(one.events.map(({ eventType }) => eventType)).toEqual([
      'MONITOR_START',
      'CREATE',
      'WARNING',
      'WARNING',
      'CREATE',
    ])
    expect(one.issues.map(({ code, message }) => [code, message])).toEqual([
      [
        'FSFLOW_INVALID_EVENT',
        `a message of ${at.stream} is not an event: ${at.subject}.web1.x: event_type is not a known type: NONE; it is left out`,
      ],
      ['FSFLOW_INVALID_EVENT', expect.stringContaining(`${at.subject}.web1.y`) as unknown],
    ])
  })

  itWithNats('or ends the run', async () => {
    const at = place()
    await send(at, batch(1))
    await (await server.admin()).jetstream().publish(`${at.subject}.web1.x`, '[]')
    const one = probe(at.stream, { brokenMessages: 'fail' })
    await one.over()
    expect(one.error).toMatchObject({ code: 'FSFLOW_INVALID_EVENT' })
    expect(files(one)).toHaveLength(1)
  })

  itWithNats('acknowledges when the sinks have written, and gives back what they have not', async () => {
    const at = place()
    await send(at, batch(3))
    const answers: ((isWritten: boolean) => void)[] = []
    const controller = new AbortController()
    const told: number[] = []
    const subscription = natsSource({ servers: server.url, stream: at.stream, consumer: 'work' })
      .open(
        {
          ...sinkContext(),
          signal: controller.signal,
          written: () => new Promise((resolve) => answers.push(resolve)),
        },
        sourceRequest(),
      )
      .subscribe(({ isControl, filePath }) => isControl || told.push(Number(filePath.slice(3))))
    await until(
      () => told.length === 3 && answers.length === 1,
      () => `3 events and a question: ${told.join()}, ${answers.length}`,
    )
    expect(await pending(at.stream)).toEqual({ unacknowledged: 3, waiting: 0 })
    answers[0]!(false)
    // What was not written comes again.
    await until(
      () => told.length > 3 && answers.length > 1,
      () => `the events again: ${told.join()}`,
    )
    while ((await pending(at.stream)).unacknowledged > 0) answers.splice(0).forEach((answer) => answer(true))
    expect(new Set(told)).toEqual(new Set([0, 1, 2]))
    subscription.unsubscribe()
  })

  itWithNats('goes on when the server was killed and is back, and says so once', async () => {
    const other = await NatsServer.start()
    try {
      const at = place()
      await send(at, batch(50), { to: other })
      const one = await probe(at.stream, { servers: other.url }).ready()
      await got(one, 50)
      await other.stop()
      await until(
        () => one.issues.length > 0,
        () => 'a warning',
      )
      await other.startAgain()
      await send(at, batch(50, 50), { to: other })
      await got(one, 100)
      await one.stop()
      expect(new Set(files(one).map(({ filePath }) => filePath)).size).toBe(100)
      expect(files(one)).toHaveLength(100)
      expect(one.issues.map(({ code }) => code)).toEqual(['FSFLOW_SOURCE_WAITS'])
      expect(one.controls).toEqual(['MONITOR_START', 'WARNING'])
    } finally {
      await other.close()
    }
  })

  itWithNats('leaves no connection when it is unsubscribed from, also before it is ready', async () => {
    const at = place()
    await send(at, batch(10))
    await server.admin()
    const before = server.connections()
    const one = await probe(at.stream).ready()
    await got(one, 10)
    expect(server.connections()).toBe(before + 1)
    one.unsubscribe()
    probe(at.stream).unsubscribe()
    const gone = (): Promise<void> =>
      until(
        () => server.connections() === before,
        () => `${before} connections, not ${server.connections()}`,
      )
    await gone()
    await (await probe(at.stream).ready()).stop()
    await gone()
  })

  itWithNats('passes events on in a pipeline, and acknowledges them at its end', async () => {
    const at = place()
    await send(at, batch(3000))
    const sink = memorySink()
    const handle = run(
      definePipeline({
        source: natsSource({ servers: server.url, stream: at.stream, consumer: 'work' }),
        sinks: [sink],
      }),
    )
    await until(
      () => sink.events.length >= 3001,
      () => `3001 events, not ${sink.events.length}`,
    )
    await handle.stop()
    await untilAcknowledged(at.stream)
    expect(sink.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 3002 }, (_, index) => index + 1))
  })

  describe('shared by several runs of fsflow', () => {
    let directory: string
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'fsflow-shared-'))
    })
    afterAll(() => rm(directory, { recursive: true, force: true }))

    const runs: Running[] = []
    async function consume(name: string, stream: string): Promise<Running> {
      const url = (path: string): string => new URL(`../../src/${path}/index.js`, import.meta.url).href
      const file = join(directory, `${name}.mjs`)
      const out = join(directory, `${name}.ndjson`)
      await writeFile(
        file,
        `import { definePipeline } from '${url('pipeline')}'
         import { natsSource } from '${url('sources')}'
         import { ndjson } from '${url('sinks')}'
         export default definePipeline({
           source: natsSource({ servers: '${server.url}', stream: '${stream}', consumer: 'work', batch: 50, ackWait: 1000 }),
           sinks: [ndjson({ path: ${JSON.stringify(out)} })],
         })`,
      )
      const running = start(['run', file])
      runs.push(running)
      return running
    }
    const written = async (name: string): Promise<string[]> => {
      const text = await readFile(join(directory, `${name}.ndjson`), 'utf8').catch(() => '')
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as WireEvent)
        .filter(({ file_path }) => file_path !== '')
        .map(({ file_path }) => file_path)
    }

    itWithNats(
      'two hosts send, three consume, one of which is killed: every event is written at least once',
      async () => {
        const at = place()
        const hosts = ['a', 'b']
        const each = 3000
        const sent = new Set(
          hosts.flatMap((host) => Array.from({ length: each }, (_, index) => `/${host}/${index}`)),
        )
        const names = ['one', 'two', 'three']
        await send(at, [fileEvent('CREATE /first', { seq: 0 })])
        const [victim, ...others] = await Promise.all(names.map((name) => consume(name, at.stream)))
        const sending = hosts.map(async (host) => {
          const writer = await nats({ servers: server.url, ...at, host }).open(sinkContext())
          for (let from = 0; from < each; from += 100) {
            await writer.write(
              Array.from({ length: 100 }, (_, index) =>
                fileEvent(`CREATE /${host}/${from + index}`, { seq: from + index }),
              ),
            )
          }
          await writer.close()
        })
        for (let count = 0; count < 100; count = (await written('one')).length) await Promise.resolve()
        victim!.kill('SIGKILL')
        await Promise.all(sending)
        await victim!.ended
        await untilAcknowledged(at.stream)
        for (const other of others) other.kill('SIGTERM')
        for (const { code } of await Promise.all(others.map(({ ended }) => ended))) expect(code).toBe(0)

        const byName = await Promise.all(names.map(written))
        const all = new Set(byName.flat())
        expect([...sent].filter((path) => !all.has(path))).toEqual([])
        // They have shared the work.
        for (const paths of byName) expect(paths.length).toBeGreaterThan(0)
        expect(byName.flat().length).toBeLessThan(sent.size * 1.5)
      },
    )
  })

  itWithNats('refuses a consumer of that name that is another one', async () => {
    const at = place()
    await send(at, batch(1))
    const admin = await server.admin()
    await admin.consumers.add(at.stream, { durable_name: 'work', ack_policy: 'none' })
    const source = natsSource({ servers: server.url, stream: at.stream, consumer: 'work' })
    expect((await source.check(sourceRequest())).problems).toMatchObject([
      {
        code: 'FSFLOW_SOURCE_OPEN',
        message: `natsSource: the consumer work of the stream ${at.stream} cannot be used: its ack policy is none`,
      },
    ])
    await (await probe(at.stream, { consumer: 'filtered', filter: `${at.subject}.a.>` }).ready()).stop()
    const other = probe(at.stream, { consumer: 'filtered', filter: `${at.subject}.b.>` })
    await other.over()
    expect(other.error).toMatchObject({
      code: 'FSFLOW_SOURCE_OPEN',
      message: expect.stringContaining(`its filter is ${at.subject}.a.>`) as unknown,
    })
  })

  itWithNats('check says what it would do, finds what is in its way, and makes nothing', async () => {
    const at = place()
    const source = natsSource({ servers: server.url, stream: at.stream, consumer: 'work' })
    const missing = { code: 'FSFLOW_SOURCE_OPEN', message: `natsSource: there is no stream ${at.stream}` }
    expect((await source.check(sourceRequest())).problems).toMatchObject([missing])
    const failed = probe(at.stream)
    await failed.over()
    expect(failed.error).toMatchObject(missing)
    await send(at, batch(1))
    expect(await source.check(sourceRequest())).toEqual({
      lines: [
        `consumes the stream ${at.stream} at ${server.url} as work: all subjects`,
        'a message that is not an event is told and left out',
      ],
      problems: [],
    })
    expect((await (await server.admin()).streams.info(at.stream)).state.consumer_count).toBe(0)
  })

  itWithNats('says that the login is wrong, or that nobody listens', async () => {
    const other = await NatsServer.start('authorization { token: right }', { token: 'right' })
    const options = { servers: other.url, stream: 'FILES', consumer: 'work' }
    const problem = async (changes: Partial<NatsSourceOptions>): Promise<string> =>
      (await natsSource({ ...options, ...changes }).check(sourceRequest())).problems[0]!.message
    try {
      await (await other.admin()).streams.add({ name: 'FILES', subjects: ['files.>'] })
      expect((await natsSource({ ...options, token: 'right' }).check(sourceRequest())).problems).toEqual([])
      expect(await problem({ token: 'wrong' })).toContain(`natsSource: ${other.url} rejects the login`)
    } finally {
      await other.close()
    }
    expect(await problem({ token: 'right' })).toContain(`natsSource: cannot reach ${other.url}`)
  })

  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [{}, 'servers must be addresses'],
    [{ servers: 'a' }, 'stream must be a name'],
    [{ servers: 'a', stream: 'A' }, 'consumer must be a name'],
    [{ servers: 'a', stream: 'A', consumer: 'a.b' }, 'consumer must be a name'],
    [{ servers: 'a', stream: 'A', consumer: 'c', filter: 'a.>.b' }, 'filter must be a subject'],
    [{ servers: 'a', stream: 'A', consumer: 'c', filter: [1] }, 'filter must be a subject'],
    [{ servers: 'a', stream: 'A', consumer: 'c', from: 'last' }, 'from is not known'],
    [{ servers: 'a', stream: 'A', consumer: 'c', batch: 0 }, 'batch must be a whole number'],
    [{ servers: 'a', stream: 'A', consumer: 'c', ackWait: 1 }, 'ackWait must be a whole number'],
    [{ servers: 'a', stream: 'A', consumer: 'c', maxAckPending: 0 }, 'maxAckPending must be a whole number'],
    [{ servers: 'a', stream: 'A', consumer: 'c', brokenMessages: 'x' }, 'brokenMessages is not known'],
    [{ servers: 'a', stream: 'A', consumer: 'c', roots: [''] }, 'roots[0] must be a text'],
    [{ servers: 'a', stream: 'A', consumer: 'c', subject: 'a' }, 'subject is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => natsSource(options as NatsSourceOptions)).toThrow(`natsSource: ${message}`)
  })
})
