import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { loadLibsql, type Connection } from '../../sinks/database/loadLibsql.js'

/** Milliseconds for which a lock of another program is waited for. */
const LOCK_TIMEOUT = 5000

/** The database for reading. It must be there. */
export async function openReadOnly(file: string): Promise<Connection> {
  const path = resolve(file)
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true) {
    throw new FsflowError({
      code: 'FSFLOW_PATH_NOT_FOUND',
      message: found === undefined ? `there is no ${path}` : `${path} is not a regular file`,
      path,
      hint: 'Give the database that the sink sqlite has written.',
    })
  }
  const Database = loadLibsql()
  try {
    const db = new Database(`${pathToFileURL(path).href}?mode=ro`, { timeout: LOCK_TIMEOUT })
    // Finds out whether it is one.
    db.prepare('SELECT name FROM sqlite_master').all()
    return db
  } catch (cause) {
    throw new FsflowError({
      code: 'FSFLOW_QUERY',
      message: `${path} cannot be read as an SQLite database: ${messageOf(cause)}`,
      path,
      hint: 'Give the database that the sink sqlite has written.',
      cause,
    })
  }
}
