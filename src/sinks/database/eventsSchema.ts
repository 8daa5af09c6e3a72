import type { Connection } from './loadLibsql.js'

/** `fsfl`, in the header of the file: it says whose database it is. */
export const applicationId = 0x6673666c

/**
 * What makes a database of version n one of version n + 1, from an empty file on. A step is never changed once it
 * was released: a database out there has been through it.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE events (
     id INTEGER PRIMARY KEY,
     time INTEGER NOT NULL,
     kind TEXT NOT NULL,
     path TEXT NOT NULL,
     pid INTEGER,
     name TEXT,
     run TEXT NOT NULL,
     seq INTEGER NOT NULL,
     details TEXT NOT NULL
   );
   CREATE INDEX events_time ON events (time);
   CREATE INDEX events_path ON events (path, time);
   CREATE INDEX events_kind ON events (kind, time);
   CREATE INDEX events_pid ON events (pid, time) WHERE pid IS NOT NULL;
   CREATE INDEX events_name ON events (name, time) WHERE name IS NOT NULL;`,
]

export function pragma(db: Connection, name: string): unknown {
  const [row] = db.prepare(`PRAGMA ${name}`).raw(true).all() as readonly (readonly unknown[])[]
  return row?.[0]
}

/** Runs `work` in one transaction, which is undone when it throws. */
export function transaction<T>(db: Connection, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    try {
      db.exec('ROLLBACK')
    } catch {
      // SQLite has undone it already, as on a full disk.
    }
    throw error
  }
}

/**
 * Brings a database to the newest version, in one transaction. Throws an Error when it is the database of something
 * else, or of a later version. `id` says whose it is.
 */
export function migrate(
  db: Connection,
  steps: readonly string[] = migrations,
  id: number = applicationId,
): void {
  transaction(db, () => {
    const owner = pragma(db, 'application_id')
    const version = Number(pragma(db, 'user_version'))
    const tables = db.prepare('SELECT name FROM sqlite_master').all()
    if (owner !== id && (owner !== 0 || version !== 0 || tables.length > 0)) {
      throw new Error('it is the database of something else')
    }
    if (version > steps.length) throw new Error(newerVersion(version, steps.length))
    for (const step of steps.slice(version)) db.exec(step)
    if (version < steps.length) db.exec(`PRAGMA user_version = ${steps.length}`)
    if (owner !== id) db.exec(`PRAGMA application_id = ${id}`)
  })
}

export function newerVersion(version: number, known: number = migrations.length): string {
  return `a later version of fsflow has made it (${version}; this one knows ${known})`
}
