import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { sqliteCode, type Connection } from '../../sinks/database/loadLibsql.js'
import type { Rows } from './Rows.js'

const columns = 'time (microseconds), kind, path, pid, name, run, seq, details (JSON)'

/** Asks what the user wrote. Throws FSFLOW_QUERY. */
export function runSql(db: Connection, sql: string): Rows {
  try {
    const statement = db.prepare(sql)
    const names = statement.columns().map(({ name }) => name)
    // What has no columns is no question; it is run all the same, so that SQLite says what is wrong.
    if (names.length === 0) {
      statement.run([])
      throw new Error('it asks for nothing: write a SELECT')
    }
    return { columns: names, rows: checked(statement.raw(true).safeIntegers(true).iterate()) }
  } catch (error) {
    throw queryError(error)
  }
}

/** The rows, with what goes wrong on the way as an FSFLOW_QUERY. */
function* checked(rows: Iterable<unknown>): Iterable<readonly unknown[]> {
  try {
    for (const row of rows) yield row as readonly unknown[]
  } catch (error) {
    throw queryError(error)
  }
}

function queryError(cause: unknown): FsflowError {
  const isWrite = sqliteCode(cause) === 'SQLITE_READONLY'
  return new FsflowError({
    code: 'FSFLOW_QUERY',
    message: isWrite ? 'the query would change the database, which is open for reading' : messageOf(cause),
    hint: isWrite ? 'Change it with sqlite3, or another program.' : `The table is events: ${columns}.`,
    cause,
  })
}
