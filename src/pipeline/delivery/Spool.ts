import type { Issue, OwnFile } from '../../contracts/index.js'
import type { FileEvent } from '../../events/index.js'
import { DatabaseThread } from '../../sinks/database/DatabaseThread.js'
import { makeSpoolFile, spoolError, spoolFiles } from './spoolFile.js'
import type { SpoolContent } from './SpoolStore.js'
import type { SpoolCall, SpoolData } from './spoolWorker.js'
import { eventsPerRow, fromRow, toRows, type SpooledRow } from './spooledRow.js'

/** Events of one run from the spool; they stay in it until they are removed. */
export interface SpooledBatch {
  readonly run: string
  readonly events: readonly FileEvent[]
  readonly rows: readonly SpooledRow[]
}

/** A place in the order of the spool that is kept free. */
export type SpoolPlace = number

const worker = new URL('./spoolWorker.js', import.meta.url)
/** Milliseconds for which a process is waited for that has the spool open: it may be one that is about to end. */
const PATIENCE = 5000
/** More rows than one batch has. */
const ROWS_PER_PLACE = 64

/**
 * Events of a sink that are kept on disk until they are written: first in, first out.
 *
 * What was put in is there after a restart, be it that the process was killed or that the power failed.
 */
export class Spool {
  readonly path: string
  readonly ownFiles: readonly OwnFile[]
  /** Events that were in it when it was opened. */
  readonly resumed: number
  readonly #thread: DatabaseThread<SpoolCall>
  #count: number
  #nextId: number
  /** All rows up to this one are done with, whether or not they could be removed already. */
  #doneId = 0
  /** How many events of the first row are done with. */
  #doneOfFirst = 0
  #turn: Promise<unknown> = Promise.resolve()

  /** Opens the spool, and makes it when it is not there. Rejects with FSFLOW_SPOOL. */
  static async open(path: string, bytes: number, report: (issue: Issue) => void): Promise<Spool> {
    await makeSpoolFile(path)
    const onLocked = (): void => {
      const message = `another process has the spool ${path} open: waiting for it`
      report({ code: 'FSFLOW_SINK_WAITS', message, path })
    }
    const data: SpoolData = { path, bytes }
    const thread = new DatabaseThread<SpoolCall>(worker, data, { timeout: PATIENCE, onLocked })
    try {
      const content = (await thread.call({ do: 'open' })) as SpoolContent
      // Makes the log of the database appear, whose changes must not be told.
      await thread.call({ do: 'remove', upTo: 0 })
      return new Spool(path, thread, content, await spoolFiles(path))
    } catch (error) {
      await thread.close()
      throw isBusy(error)
        ? spoolError(path, 'another process uses it', 'Give each pipeline a spool of its own.')
        : spoolError(path, error)
    }
  }

  private constructor(
    path: string,
    thread: DatabaseThread<SpoolCall>,
    { events, lastId }: SpoolContent,
    ownFiles: readonly OwnFile[],
  ) {
    this.path = path
    this.ownFiles = ownFiles
    this.resumed = events
    this.#thread = thread
    this.#count = events
    this.#nextId = lastId + 1
  }

  /** Events in it, those included that are being written. */
  get count(): number {
    return this.#count
  }

  /** Keeps a place free behind what is in it now, for one batch. */
  place(): SpoolPlace {
    const id = this.#nextId
    this.#nextId += ROWS_PER_PLACE
    return id
  }

  /** Puts a batch behind all others, or to its place: whole, or not at all. */
  async put(events: readonly FileEvent[], run: string, place: SpoolPlace = this.place()): Promise<void> {
    await this.#call({ do: 'write', rows: toRows(events, run, place) })
    this.#count += events.length
  }

  /** The first events; `undefined` when there are none. */
  async read(most: number): Promise<SpooledBatch | undefined> {
    const limit = Math.max(1, Math.floor(most / eventsPerRow))
    const found = (await this.#call({ do: 'read', after: this.#doneId, most: limit })) as SpooledRow[]
    const first = found[0]
    if (first === undefined) return undefined
    const end = found.findIndex(({ run }) => run !== first.run)
    const rows = end === -1 ? found : found.slice(0, end)
    return { run: first.run, rows, events: rows.flatMap(fromRow).slice(this.#doneOfFirst) }
  }

  /**
   * Removes so many events of the batch that was read last. They are done with also when the disk does not let them
   * be removed at once.
   */
  async remove({ rows }: SpooledBatch, count: number): Promise<void> {
    this.#count -= count
    let done = this.#doneOfFirst + count
    for (const row of rows) {
      if (row.id <= this.#doneId) continue
      if (done < row.count) break
      done -= row.count
      this.#doneId = row.id
    }
    this.#doneOfFirst = done
    await this.#call({ do: 'remove', upTo: this.#doneId }).catch(() => undefined)
  }

  /** Lets go of it, when all that was called before is done. */
  async close(): Promise<void> {
    await this.#turn
    if (this.#doneOfFirst > 0) await this.#shortenFirst().catch(() => undefined)
    await this.#thread.close()
  }

  // Else the part of it that is done with would be written again.
  async #shortenFirst(): Promise<void> {
    const rest = await this.read(1)
    if (rest === undefined) return
    await this.#call({ do: 'write', rows: toRows(rest.events, rest.run, rest.rows[0]!.id) })
  }

  /** One call at a time. */
  #call(call: SpoolCall): Promise<unknown> {
    const result = this.#turn.then(() => this.#thread.call(call))
    this.#turn = result.catch(() => undefined)
    return result
  }
}

function isBusy(error: unknown): boolean {
  return ((error ?? {}) as { readonly code?: unknown }).code === 'SQLITE_BUSY'
}
