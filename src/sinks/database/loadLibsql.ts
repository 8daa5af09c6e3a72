import { createRequire } from 'node:module'
import { FsflowError } from '../../errors/index.js'

/** What is used of a prepared statement. */
export interface Statement {
  run(values: readonly unknown[]): unknown
  all(values?: readonly unknown[]): unknown[]
  iterate(values?: readonly unknown[]): IterableIterator<unknown>
  raw(on: boolean): this
  safeIntegers(on: boolean): this
  columns(): readonly { readonly name: string }[]
}

/** What is used of a connection of libsql, whose interface is that of better-sqlite3. */
export interface Connection {
  exec(sql: string): unknown
  prepare(sql: string): Statement
  close(): void
}

export type OpenDatabase = new (path: string, options?: { readonly timeout?: number }) => Connection

/** SQLite, from the optional package libsql. Throws FSFLOW_MISSING_PACKAGE. */
export function loadLibsql(): OpenDatabase {
  try {
    return createRequire(import.meta.url)('libsql') as OpenDatabase
  } catch (cause) {
    throw new FsflowError({
      code: 'FSFLOW_MISSING_PACKAGE',
      message:
        'the optional package libsql, which has SQLite in it, is not installed or has no build for this platform',
      path: 'libsql',
      hint: 'Install it with `npm install libsql`; it needs no compiler.',
      cause,
    })
  }
}

/** The name of SQLite's own error, such as SQLITE_BUSY, or ''. */
export function sqliteCode(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : ''
}
