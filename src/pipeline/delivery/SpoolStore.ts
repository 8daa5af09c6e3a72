import { migrate, pragma, transaction } from '../../sinks/database/eventsSchema.js'
import { loadLibsql, type Connection, type Statement } from '../../sinks/database/loadLibsql.js'
import type { SpooledRow } from './spooledRow.js'

/** What is in a spool when it is opened. */
export interface SpoolContent {
  readonly events: number
  readonly lastId: number
}

/** `fsfs`, in the header of the file: it says whose database it is. */
export const spoolId = 0x66736673

/** See `migrate`. */
const migrations: readonly string[] = [
  `CREATE TABLE spool (
     id INTEGER PRIMARY KEY,
     run TEXT NOT NULL,
     count INTEGER NOT NULL,
     events TEXT NOT NULL
   );`,
]

/** Milliseconds for which SQLite itself waits for a lock; whoever calls tries again. */
const LOCK_TIMEOUT = 200

/** Rows of events in a database of which it is the only user. All of it blocks: it is for a thread of its own. */
export class SpoolStore {
  readonly #db: Connection
  readonly #insert: Statement
  readonly #read: Statement
  readonly #remove: Statement

  /** `bytes` is the size that the file may have. Throws SQLITE_BUSY when another process has it open. */
  constructor(path: string, bytes: number) {
    const Database = loadLibsql()
    this.#db = new Database(path, { timeout: LOCK_TIMEOUT })
    // Takes effect in a new file only, and before the first table.
    this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL')
    // Two processes would write the same events twice, and remove what the other has not written.
    this.#db.exec('PRAGMA locking_mode = EXCLUSIVE')
    this.#db.exec('PRAGMA journal_mode = WAL')
    // What was put here is said to be kept: also when the power fails.
    this.#db.exec('PRAGMA synchronous = FULL')
    migrate(this.#db, migrations, spoolId)
    this.#db.exec(
      `PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / Number(pragma(this.#db, 'page_size'))))}`,
    )
    this.#insert = this.#db.prepare(
      'INSERT OR REPLACE INTO spool (id, run, count, events) VALUES (?, ?, ?, ?)',
    )
    this.#read = this.#db.prepare('SELECT id, run, count, events FROM spool WHERE id > ? ORDER BY id LIMIT ?')
    this.#remove = this.#db.prepare('DELETE FROM spool WHERE id <= ?')
  }

  content(): SpoolContent {
    const [row] = this.#db
      .prepare('SELECT coalesce(sum(count), 0) AS events, coalesce(max(id), 0) AS lastId FROM spool')
      .all()
    return row as SpoolContent
  }

  /** All rows, or none. */
  write(rows: readonly SpooledRow[]): void {
    transaction(this.#db, () => {
      for (const { id, run, count, events } of rows) this.#insert.run([id, run, count, events])
    })
  }

  /** The first rows behind one, in their order. */
  read(after: number, most: number): SpooledRow[] {
    return this.#read.all([after, most]) as SpooledRow[]
  }

  /** Removes all rows up to one. */
  remove(upTo: number): void {
    transaction(this.#db, () => this.#remove.run([upTo]))
  }

  /** Gives the space of removed rows back to the disk. */
  close(): void {
    try {
      this.#db.exec('PRAGMA incremental_vacuum')
    } finally {
      this.#db.close()
    }
  }
}
