import { migrate, transaction } from './eventsSchema.js'
import { loadLibsql, type Connection, type Statement } from './loadLibsql.js'

/** The values of one row, in the order of the columns: time, kind, path, pid, name, seq, details. */
export type EventRow = readonly [number, string, string, number | null, string | null, number, string]

export interface Retention {
  /** Microseconds since the epoch: older rows go. */
  readonly after?: number | undefined
  /** How many rows stay. */
  readonly rows?: number | undefined
}

/** Rows that one statement inserts: each call into SQLite costs about as much as a row. */
const MANY = 64
/** Rows that are removed in one transaction, so that none takes long. */
const STEP = 10_000
const CACHE_KIB = 32 * 1024
/** Milliseconds for which SQLite itself waits for a lock; whoever calls tries again. */
const LOCK_TIMEOUT = 200

function insertOf(rows: number): string {
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')
  return `INSERT INTO events (run, time, kind, path, pid, name, seq, details) VALUES ${values}`
}

/** Writes rows into the table of events. All of it blocks: it is for a thread of its own. */
export class EventsWriter {
  readonly #db: Connection
  readonly #insertOne: Statement
  readonly #insertMany: Statement

  constructor(path: string) {
    const Database = loadLibsql()
    this.#db = new Database(path, { timeout: LOCK_TIMEOUT })
    // Takes effect in a new file only, and before the first table.
    this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL')
    this.#db.exec('PRAGMA journal_mode = WAL')
    this.#db.exec('PRAGMA synchronous = NORMAL')
    // The pages of the indexes that a batch touches, so that they are not written again and again.
    this.#db.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
    migrate(this.#db)
    this.#insertOne = this.#db.prepare(insertOf(1))
    this.#insertMany = this.#db.prepare(insertOf(MANY))
  }

  /** All rows, or none; `run` is the run that they are of. */
  write(rows: readonly EventRow[], run: string): void {
    transaction(this.#db, () => {
      const many = rows.length - (rows.length % MANY)
      for (let at = 0; at < many; at += MANY) {
        this.#insertMany.run(rows.slice(at, at + MANY).flatMap((row) => [run, ...row]))
      }
      for (const row of rows.slice(many)) this.#insertOne.run([run, ...row])
    })
  }

  /** Removes what is too old or too much, and gives its space back. */
  retain({ after, rows }: Retention): void {
    if (after !== undefined) this.#remove(`time < ${after}`)
    // The last row has the greatest id, and ids have no holes but at the old end.
    if (rows !== undefined) this.#remove(`id <= (SELECT max(id) FROM events) - ${rows}`)
    this.#db.exec('PRAGMA incremental_vacuum')
  }

  close(): void {
    this.#db.close()
  }

  #remove(condition: string): void {
    const step = this.#db.prepare(
      `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE ${condition} LIMIT ${STEP}) RETURNING id`,
    )
    while (transaction(this.#db, () => step.all().length) === STEP);
  }
}
