import { describe, expect, it } from '@jest/globals'
import {
  applicationId,
  migrate,
  migrations,
  pragma,
  transaction,
} from '../../../src/sinks/database/eventsSchema.js'
import { loadLibsql, type Connection } from '../../../src/sinks/database/loadLibsql.js'

function withMemory<T>(use: (db: Connection) => T): T {
  const Database = loadLibsql()
  const db = new Database(':memory:')
  try {
    return use(db)
  } finally {
    db.close()
  }
}

const steps = [
  'CREATE TABLE events (a)',
  'ALTER TABLE events ADD COLUMN b',
  'ALTER TABLE events ADD COLUMN c',
]
const columns = (db: Connection): unknown[] =>
  (db.prepare('SELECT * FROM pragma_table_info(?)').all(['events']) as { name: string }[]).map(
    ({ name }) => name,
  )

describe('migrate', () => {
  it('makes the newest version from nothing, and leaves that as it is', () =>
    withMemory((db) => {
      migrate(db)
      migrate(db)
      expect(pragma(db, 'user_version')).toBe(migrations.length)
      expect(pragma(db, 'application_id')).toBe(applicationId)
      expect(columns(db)).toEqual(['id', 'time', 'kind', 'path', 'pid', 'name', 'run', 'seq', 'details'])
    }))

  it('takes only the steps that are missing', () =>
    withMemory((db) => {
      migrate(db, steps.slice(0, 1))
      db.exec('INSERT INTO events VALUES (7)')
      migrate(db, steps)
      expect(columns(db)).toEqual(['a', 'b', 'c'])
      expect(db.prepare('SELECT * FROM events').raw(true).all()).toEqual([[7, null, null]])
      expect(pragma(db, 'user_version')).toBe(3)
    }))

  it('leaves all as it was when a step fails', () =>
    withMemory((db) => {
      migrate(db, steps.slice(0, 1))
      expect(() => migrate(db, [...steps, 'ALTER TABLE missing ADD COLUMN d'])).toThrow(
        'no such table: missing',
      )
      expect(columns(db)).toEqual(['a'])
      expect(pragma(db, 'user_version')).toBe(1)
    }))

  it('refuses a later version', () =>
    withMemory((db) => {
      migrate(db, steps)
      expect(() => migrate(db, steps.slice(0, 2))).toThrow(
        'a later version of fsflow has made it (3; this one knows 2)',
      )
    }))
})

describe('transaction', () => {
  it('undoes all when the work throws', () =>
    withMemory((db) => {
      db.exec('CREATE TABLE a (x)')
      const work = (): void => {
        db.exec('INSERT INTO a VALUES (1)')
        throw new Error('no')
      }
      expect(() => transaction(db, work)).toThrow('no')
      expect(db.prepare('SELECT * FROM a').all()).toEqual([])
    }))
})
