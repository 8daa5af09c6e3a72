import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { credsAuthenticator } from '@nats-io/transport-node'
import type { WireEvent } from '../../../src/events/index.js'
import { nats, type NatsSinkOptions } from '../../../src/sinks/index.js'
import { natsSource } from '../../../src/sources/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { natsProgram } from '../../helpers/natsProgram.js'
import { NatsServer } from '../../helpers/natsServer.js'
import { itWith, program } from '../../helpers/requires.js'
import { runForJson } from '../../helpers/runChild.js'
import { sinkContext } from '../../helpers/sinkContext.js'
import { SourceProbe } from '../../helpers/SourceProbe.js'
import { until } from '../../helpers/until.js'

const needed = [natsProgram, program('openssl')]
let directory: string
let server: NatsServer
let options: Pick<NatsSinkOptions, 'servers' | 'tls' | 'stream'>
const at = (name: string): string => join(directory, name)

beforeAll(async () => {
  if (!needed.every((requirement) => requirement.met())) return
  directory = mkdtempSync(join(tmpdir(), 'fsflow-credentials-'))
  const subject = ['-nodes', '-subj', '/CN=test', '-addext', 'subjectAltName=DNS:localhost']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const files = ['-keyout', at('key'), '-out', at('cert')]
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...files], { stdio: 'pipe' })
  const all = { publish: ['>'], subscribe: ['>'] }
  const agent = { publish: ['fsflow.web1.>', '$JS.API.STREAM.INFO.FILES'], subscribe: ['_INBOX.>'] }
  const users = JSON.stringify({ admin: all, pipeline: all, agent })
  const { config, credentials } = await runForJson<{ config: string; credentials: Record<string, string> }>(
    'natsOperator',
    [users],
  )
  for (const [name, text] of Object.entries(credentials)) writeFileSync(at(name), text)
  // A client signs slowly in a test environment.
  const tls = `tls { cert_file: "${at('cert')}", key_file: "${at('key')}", timeout: 30 }`
  server = await NatsServer.start(`${tls}\nauthorization { timeout: 30 }\n${config}`, {
    authenticator: credsAuthenticator(new TextEncoder().encode(credentials.admin)),
    tls: { ca: readFileSync(at('cert'), 'utf8') },
  })
  await (await server.admin()).streams.add({ name: 'FILES', subjects: ['fsflow.>'] })
  options = { servers: `tls://localhost:${server.port}`, tls: { ca: at('cert') }, stream: 'FILES' }
}, 60_000)
afterAll(async () => {
  if (!needed.every((requirement) => requirement.met())) return
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

const paths = async (): Promise<string[]> =>
  ((await server.bodies('FILES')) as WireEvent[]).map(({ file_path: path }) => path)

describe('credentials of an account, over an encrypted connection', () => {
  itWith(needed, 'let an agent write as its own host, and a pipeline read', async () => {
    const sink = nats({ ...options, credentials: at('agent'), host: 'web1', create: false })
    await sink.check()
    const writer = await sink.open(sinkContext())
    await writer.write([fileEvent('CREATE /a', { seq: 1 }), fileEvent('CREATE /b', { seq: 2 })])
    await writer.close()
    expect(await paths()).toEqual(['/a', '/b'])
    const source = natsSource({ ...options, credentials: at('pipeline'), consumer: 'index' })
    const probe = await new SourceProbe(source).ready()
    await until(
      () => probe.events.length === 3,
      () => JSON.stringify(probe.events),
    )
    await probe.stop()
    expect(probe.events.slice(1).map(({ filePath }) => filePath)).toEqual(['/a', '/b'])
  })

  itWith(needed, 'do not let an agent write as another host, nor read', async () => {
    const agent = { ...options, credentials: at('agent') }
    const writer = await nats({ ...agent, host: 'web2', create: false }).open(sinkContext())
    await expect(writer.write([fileEvent('CREATE /c')])).rejects.toMatchObject({
      code: 'FSFLOW_SINK_WRITE',
      final: true,
    })
    await writer.close()
    expect(await paths()).not.toContain('/c')
    const probe = new SourceProbe(natsSource({ ...agent, consumer: 'index', timeout: 3000 }))
    await probe.over()
    expect(probe.error).toMatchObject({ code: 'FSFLOW_SOURCE_OPEN' })
  })

  itWith(needed, 'are refused when they are of another account, or no credentials', async () => {
    await expect(nats({ ...options, credentials: at('stranger') }).check()).rejects.toMatchObject({
      code: 'FSFLOW_SINK_OPEN',
      message: expect.stringContaining('rejects the login') as unknown,
    })
    await expect(nats({ ...options, credentials: at('cert') }).check()).rejects.toMatchObject({
      code: 'FSFLOW_SINK_OPEN',
    })
  })
})
