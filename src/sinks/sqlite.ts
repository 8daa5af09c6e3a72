import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { OwnFile, RunContext, Sink, SinkWriter } from '../contracts/index.js'
import { invalidOption } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { DatabaseThread } from './database/DatabaseThread.js'
import type { DatabaseCall, DatabaseData } from './database/databaseWorker.js'
import { eventRow } from './database/eventRow.js'
import { inspectHeader } from './database/inspectHeader.js'
import { loadLibsql } from './database/loadLibsql.js'
import { retainSettings, type RetainOptions, type RetainSettings } from './database/retention.js'
import { closeFd } from './output/descriptors.js'
import { destinationOf, type Destination } from './output/destination.js'
import { inspectFile, openFile } from './output/openFile.js'
import { placeOf } from './output/placeOf.js'
import { openError, writeError } from './output/sinkErrors.js'

export interface SqliteSinkOptions {
  /** The database, which is made when it is not there. */
  readonly path: string
  /** Whether the directory of the file is created (mode 0750) when it is missing. Default `false`. */
  readonly mkdir?: boolean
  /** What is removed again: rows above an age, or above a number. Default: nothing. */
  readonly retain?: RetainOptions
  /** Milliseconds for which a lock of another program is waited for before the sink fails. Default 30000. */
  readonly lockTimeout?: number
}

interface Settings {
  readonly path: string
  readonly destination: Destination
  readonly retain: RetainSettings
  readonly lockTimeout: number
}

const worker = new URL('./database/databaseWorker.js', import.meta.url)
/** Rows from one look for what is to be removed to the next. */
const ROWS_PER_RETAIN = 20_000

/**
 * Writes events into a table of an SQLite database, for `fsflow query` and any other reader of SQLite.
 *
 * Each batch is one transaction. The database is in WAL mode, so that it can be read meanwhile, and is written by a
 * thread of its own. `check` and `open` reject with FSFLOW_SINK_OPEN or FSFLOW_MISSING_PACKAGE (it needs the optional
 * package libsql), `write` with FSFLOW_DISK_FULL or FSFLOW_SINK_WRITE. Throws FSFLOW_INVALID_OPTION.
 */
export function sqlite(options: SqliteSinkOptions): Sink {
  const settings = validate(options)
  const { destination, path } = settings
  return {
    name: 'sqlite',
    description: describe(settings),
    destination: () => placeOf(destination),
    async check() {
      loadLibsql()
      await inspect(settings)
    },
    async open(context) {
      loadLibsql()
      await inspect(settings)
      const { fd, kind } = await openFile(destination, path, { append: false })
      await closeFd(fd)
      if (kind !== 'file') throw openError(destination, 'it is not a regular file')
      return openWriter(settings, context)
    },
  }
}

function validate(options: SqliteSinkOptions): Settings {
  const destination = destinationOf('sqlite', options, ['retain', 'lockTimeout'])
  const { path } = destination
  if (path === undefined) {
    throw invalidOption('sqlite', 'path', 'is missing', "For example sqlite({ path: 'events.db' }).")
  }
  const { lockTimeout = 30_000 } = options
  if (!Number.isSafeInteger(lockTimeout) || lockTimeout < 0 || lockTimeout >= 2 ** 31) {
    throw invalidOption('sqlite', 'lockTimeout', 'must be a number of milliseconds, 0 or more')
  }
  return { path, destination, retain: retainSettings('sqlite', options.retain), lockTimeout }
}

function describe({ destination, retain: { age, rows } }: Settings): string {
  const kept = [
    ...(age === undefined ? [] : [`rows of the last ${age / 1000} s`]),
    ...(rows === undefined ? [] : [`at most ${rows} rows`]),
  ]
  const stays = kept.length === 0 ? '' : `, which keeps ${kept.join(' and ')}`
  return `the table events of the SQLite database ${destination.where}${stays}`
}

async function inspect({ destination, path }: Settings): Promise<void> {
  await inspectFile(destination, path, async (fd, size) => {
    const problem = await inspectHeader(fd, size)
    if (problem !== undefined) throw openError(destination, problem, 'Write to a new file.')
  })
}

/** The database and the two files beside it, which are there as long as it is open. */
function ownFiles(path: string): Promise<OwnFile[]> {
  return Promise.all(
    ['', '-wal', '-shm'].map(async (suffix) => {
      const { dev, ino } = await stat(path + suffix, { bigint: true })
      return { path: path + suffix, dev, ino }
    }),
  )
}

async function openWriter(settings: Settings, context: RunContext): Promise<SinkWriter> {
  const { destination, path, retain, lockTimeout } = settings
  const onLocked = (): void => {
    const message = `sqlite: another program has locked ${destination.where}: waiting for it`
    context.report({ code: 'FSFLOW_SINK_WAITS', message, path })
  }
  const data: DatabaseData = { path }
  const thread = new DatabaseThread<DatabaseCall>(worker, data, { timeout: lockTimeout, onLocked })
  const own = randomUUID()
  let closed = false
  let written = 0

  const removeOld = async (): Promise<void> => {
    if (retain.age === undefined && retain.rows === undefined) return
    const after = retain.age === undefined ? undefined : Math.round((Date.now() - retain.age) * 1000)
    await thread.call({ do: 'retain', retention: { after, rows: retain.rows } })
    written = 0
  }

  let files: OwnFile[]
  try {
    await thread.call({ do: 'open' })
    files = await ownFiles(path)
    await removeOld()
  } catch (error) {
    await thread.close()
    throw openError(destination, error)
  }
  return {
    ownFiles: files,
    async write(batch: readonly FileEvent[], run = own) {
      const total = batch.length
      if (closed) throw writeError(destination, new Error('the sink is closed'), total, total)
      if (total === 0) return
      try {
        await thread.call({ do: 'write', run, rows: batch.map(eventRow) })
      } catch (error) {
        throw writeError(destination, error, total, total)
      }
      written += total
      if (written >= ROWS_PER_RETAIN) await removeOld().catch(reportLater)
    },
    async close() {
      if (closed) return
      closed = true
      await removeOld().catch(reportLater)
      await thread.close()
    },
  }

  // What could not be removed now is removed the next time; nothing is lost by it.
  function reportLater(error: unknown): void {
    const { message } = openError(destination, error)
    context.report({ code: 'FSFLOW_SINK_WAITS', message: `${message}; old rows are still in it`, path })
  }
}
