import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Sink } from '../../src/contracts/index.js'
import type { WireEvent } from '../../src/events/index.js'
import { file, nats, ndjson, sqlite } from '../../src/sinks/index.js'
import { loadLibsql } from '../../src/sinks/database/loadLibsql.js'
import { NatsServer } from '../helpers/natsServer.js'

/** What arrived, in its order: the paths of changes; entries that cannot be read count as corrupt. */
export interface Arrived {
  readonly paths: readonly string[]
  readonly corrupt: number
}

export interface Destination {
  readonly name: DestinationName
  /** Its path or address: what another process needs to know. */
  readonly place: string
  readonly arrived: () => Promise<Arrived> | Arrived
  readonly close: () => Promise<void> | void
}

export type DestinationName = 'sqlite' | 'ndjson' | 'file' | 'nats'

const STREAM = 'FAULTS'

/** The sink for a place. */
export function sinkAt(name: DestinationName, place: string): Sink {
  switch (name) {
    case 'sqlite':
      return sqlite({ path: place, lockTimeout: 100 })
    case 'ndjson':
      return ndjson({ path: place })
    case 'file':
      return file({ path: place, rotate: { size: 1_000_000, keep: 1000 } })
    case 'nats':
      return nats({ servers: place, stream: STREAM, host: 'host' })
  }
}

export async function openDestination(name: DestinationName, directory: string): Promise<Destination> {
  if (name === 'nats') {
    const server = await NatsServer.start()
    return {
      name,
      place: server.url,
      arrived: async () => ({ paths: pathsOf((await server.bodies(STREAM)) as WireEvent[]), corrupt: 0 }),
      close: () => server.close(),
    }
  }
  const place = join(directory, name === 'sqlite' ? 'events.db' : 'events.ndjson')
  const arrived = {
    sqlite: () => inDatabase(place),
    ndjson: () => inLines([place]),
    file: () => inLines(rotated(place)),
  }
  return { name, place, arrived: arrived[name], close: () => undefined }
}

const pathsOf = (events: readonly WireEvent[]): string[] =>
  events.map(({ file_path: path }) => path).filter((path) => path !== '')

function inDatabase(path: string): Arrived {
  const connection = new (loadLibsql())(path)
  const state = connection.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[]
  const rows = connection.prepare('SELECT path FROM events ORDER BY id').all() as { path: string | null }[]
  connection.close()
  const paths = rows.map((row) => row.path ?? '').filter((found) => found !== '')
  return { paths, corrupt: state.filter((row) => row.integrity_check !== 'ok').length }
}

/** The files of a log, oldest first. */
function rotated(path: string): string[] {
  const directory = dirname(path)
  const names = readdirSync(directory).filter(
    (name) => name.startsWith('events.') && join(directory, name) !== path,
  )
  return [...names.sort().map((name) => join(directory, name)), path]
}

export function inLines(files: readonly string[]): Arrived {
  const events: WireEvent[] = []
  let corrupt = 0
  for (const path of files) {
    for (const line of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
      if (line === '') continue
      try {
        events.push(JSON.parse(line) as WireEvent)
      } catch {
        corrupt++
      }
    }
  }
  return { paths: pathsOf(events), corrupt }
}
