import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { start } from '../cli/fsflow.js'
import { natsProgram } from '../helpers/natsProgram.js'
import { NatsServer } from '../helpers/natsServer.js'
import { filesBelow, read } from '../helpers/project.js'
import { itWith } from '../helpers/requires.js'
import { until } from '../helpers/until.js'
import { webhookServer, type WebhookServer } from '../helpers/webhookServer.js'

interface Arrival {
  /** Whether what was changed has arrived. */
  readonly hasArrived: (directory: string) => Promise<boolean> | boolean
  /** What it needs besides the folder `src`. */
  readonly prepare?: (directory: string) => void
}

const holds = (name: string): Arrival => ({
  hasArrived: (directory) => {
    const path = join(directory, name)
    return existsSync(path) && readFileSync(path).includes('made.ts')
  },
})

let nats: NatsServer | undefined
let hook: WebhookServer
const env: Record<string, string> = {}
beforeAll(async () => {
  hook = await webhookServer()
  env.HOOK_URL = hook.url
  if (!natsProgram.met()) return
  nats = await NatsServer.start()
  env.NATS_URL = nats.url
})
afterAll(async () => {
  await nats?.close()
  await hook.close()
})

const arrivals: Readonly<Record<string, Arrival>> = {
  csv: holds('events.csv'),
  exec: {
    ...holds('seen'),
    prepare: (directory) =>
      writeFileSync(join(directory, 'package.json'), '{"type":"module","scripts":{"test":"cat >> seen"}}'),
  },
  file: holds('logs/events.ndjson'),
  history: holds('history/versions.ndjson'),
  json: holds('events.json'),
  nats: { hasArrived: async () => JSON.stringify(await nats!.bodies('FILES')).includes('made.ts') },
  ndjson: holds('logs/events.ndjson'),
  sqlite: { hasArrived: (directory) => holds('events.db-wal').hasArrived(directory) },
  text: holds('events.log'),
  webhook: { hasArrived: () => hook.received.some(({ body }) => body.includes('made.ts')) },
}

/** Runs the first code of a page as it stands there, changes something, and waits until that has arrived. */
async function runPage(page: string, { hasArrived, prepare }: Arrival): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'fsflow-page-'))
  try {
    const [, code] = /^```ts\n(.*?)^```$/ms.exec(read(page))!
    writeFileSync(join(directory, 'pipeline.ts'), code!)
    mkdirSync(join(directory, 'src'))
    prepare?.(directory)
    const state = join(directory, 'state')
    const running = start(['run', 'pipeline.ts'], { cwd: directory, env: { ...env, XDG_STATE_HOME: state } })
    let outcome: unknown
    void running.ended.then((ended) => (outcome = ended))
    let isThere = false
    let next = 0
    let pause = 250
    await until(
      () => {
        // Again and again, since it may not be watched yet; with longer and longer pauses, since one waits for them.
        if (Date.now() > next) {
          writeFileSync(join(directory, 'src', 'made.ts'), 'x')
          pause *= 2
          next = Date.now() + pause
        }
        void Promise.resolve(hasArrived(directory))
          .catch(() => false)
          .then((found) => (isThere ||= found))
        return isThere || outcome !== undefined
      },
      () => 'an event',
      25_000,
      50,
    ).finally(() => running.kill('SIGTERM'))
    const { code: exitCode, stderr } = await running.ended
    expect({ isThere, exitCode, stderr }).toMatchObject({ isThere: true, exitCode: 0 })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

describe('the example of each page of a sink runs', () => {
  for (const page of filesBelow('docs/sinks', '.md')) {
    const [, name] = /(\w+)\.md$/.exec(page)!
    itWith(name === 'nats' ? [natsProgram] : [], name!, () => runPage(page, arrivals[name!]!))
  }
})
