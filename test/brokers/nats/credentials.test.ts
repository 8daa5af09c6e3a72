import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { credsAuthenticator } from '@nats-io/transport-node'
import type { WireEvent } from '../../../src/events/index.js'
import { nats, type NatsSinkOptions } from '../../../src/sinks/index.js'
import { natsSource } from '../../../src/sources/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { NatsOperator } from '../../helpers/natsOperator.js'
import { natsProgram } from '../../helpers/natsProgram.js'
import { NatsServer } from '../../helpers/natsServer.js'
import { itWith, program } from '../../helpers/requires.js'
import { sinkContext } from '../../helpers/sinkContext.js'
import { SourceProbe } from '../../helpers/SourceProbe.js'
import { until } from '../../helpers/until.js'
import { withDirectory } from '../../helpers/withDirectory.js'

interface Secured {
  readonly server: NatsServer
  readonly options: Pick<NatsSinkOptions, 'servers' | 'tls' | 'stream'>
  /** The path of a file of credentials: of an agent, which may write as web1 only, of a pipeline, or of a stranger. */
  readonly credentials: (name: 'agent' | 'pipeline' | 'stranger') => string
}

/** A server with accounts, to which nobody connects without encryption. */
async function secured(use: (secured: Secured) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const at = (name: string): string => join(directory, name)
    const subject = ['-nodes', '-subj', '/CN=test', '-addext', 'subjectAltName=DNS:localhost']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    const files = ['-keyout', at('key'), '-out', at('cert')]
    execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...files], { stdio: 'pipe' })
    const [operator, other] = [await NatsOperator.create(), await NatsOperator.create()]
    const rights = {
      publish: ['fsflow.web1.>', '$JS.API.STREAM.INFO.FILES'],
      subscribe: ['_INBOX.>'],
    }
    writeFileSync(at('agent'), await operator.credentials('agent', rights))
    writeFileSync(at('pipeline'), await operator.credentials('pipeline'))
    writeFileSync(at('stranger'), await other.credentials('stranger'))
    const tls = `tls { cert_file: "${at('cert')}", key_file: "${at('key')}" }`
    const server = await NatsServer.start(`${tls}\n${operator.config}`, {
      authenticator: credsAuthenticator(await operator.credentials('admin')),
      tls: { ca: readFileSync(at('cert'), 'utf8') },
    })
    try {
      await (await server.admin()).streams.add({ name: 'FILES', subjects: ['fsflow.>'] })
      const options = { servers: `tls://localhost:${server.port}`, tls: { ca: at('cert') }, stream: 'FILES' }
      await use({ server, options, credentials: at })
    } finally {
      await server.close()
    }
  })
}

describe('credentials of an account, over an encrypted connection', () => {
  const needed = [natsProgram, program('openssl')]

  itWith(needed, 'let an agent write as its own host, and a pipeline read', () =>
    secured(async ({ server, options, credentials }) => {
      const sink = nats({ ...options, credentials: credentials('agent'), host: 'web1', create: false })
      await sink.check()
      const writer = await sink.open(sinkContext())
      await writer.write([fileEvent('CREATE /a', { seq: 1 }), fileEvent('CREATE /b', { seq: 2 })])
      await writer.close()
      const paths = ((await server.bodies('FILES')) as WireEvent[]).map(({ file_path: path }) => path)
      expect(paths).toEqual(['/a', '/b'])
      const source = natsSource({ ...options, credentials: credentials('pipeline'), consumer: 'index' })
      const probe = await new SourceProbe(source).ready()
      await until(
        () => probe.events.length === 3,
        () => JSON.stringify(probe.events),
      )
      await probe.stop()
      expect(probe.events.slice(1).map(({ filePath }) => filePath)).toEqual(['/a', '/b'])
    }),
  )

  itWith(needed, 'do not let an agent write as another host, nor read', () =>
    secured(async ({ server, options, credentials }) => {
      const agent = { ...options, credentials: credentials('agent') }
      const writer = await nats({ ...agent, host: 'web2', create: false }).open(sinkContext())
      await expect(writer.write([fileEvent('CREATE /a')])).rejects.toMatchObject({
        code: 'FSFLOW_SINK_WRITE',
        final: true,
      })
      await writer.close()
      expect(await server.bodies('FILES')).toEqual([])
      const probe = new SourceProbe(natsSource({ ...agent, consumer: 'index', timeout: 1000 }))
      await probe.over()
      expect(probe.error).toMatchObject({ code: 'FSFLOW_SOURCE_OPEN' })
    }),
  )

  itWith(needed, 'are refused when they are of another account, or no credentials', () =>
    secured(async ({ options, credentials }) => {
      const stranger = nats({ ...options, credentials: credentials('stranger') })
      await expect(stranger.check()).rejects.toMatchObject({
        code: 'FSFLOW_SINK_OPEN',
        message: expect.stringContaining('rejects the login') as unknown,
      })
      const none = nats({ ...options, credentials: (options.tls as { ca: string }).ca })
      await expect(none.check()).rejects.toMatchObject({ code: 'FSFLOW_SINK_OPEN' })
    }),
  )
})
