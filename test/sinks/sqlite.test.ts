import { execFileSync } from 'node:child_process'
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { Issue } from '../../src/contracts/index.js'
import { formatTimestamp } from '../../src/events/index.js'
import { loadLibsql, type Connection } from '../../src/sinks/database/loadLibsql.js'
import { sqlite, type SqliteSinkOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { itWith, mounting, program } from '../helpers/requires.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { until } from '../helpers/until.js'
import { withDirectory, withSmallDisk } from '../helpers/withDirectory.js'

function inDatabase<T>(path: string, use: (db: Connection) => T): T {
  const Database = loadLibsql()
  const db = new Database(path)
  try {
    return use(db)
  } finally {
    db.close()
  }
}

interface Row {
  readonly time: number
  readonly kind: string
  readonly path: string
  readonly seq: number
  readonly details: string
}

function rowsOf(path: string): Row[] {
  return inDatabase(path, (db) => db.prepare('SELECT * FROM events ORDER BY id').all() as Row[])
}

/** The wire form of a row, put together again. */
function wireOf({ time, kind, path, seq, details }: Row): unknown {
  return {
    timestamp: formatTimestamp(time),
    timestamp_unix: Math.floor(time / 1e6),
    seq,
    event_type: kind,
    file_path: path,
    ...(JSON.parse(details) as object),
  }
}

const batch = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => fileEvent('CREATE /a', { seq: from + index }))

describe('sqlite', () => {
  const laws = sinkLaws((directory) => {
    const path = join(directory, 'events.db')
    return { sink: sqlite({ path }), read: () => Promise.resolve(rowsOf(path).map(wireOf)) }
  })
  it.each(laws)('$name', (law) => law.run())

  it('has the process in columns, and the run that a row is of', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      for (let round = 0; round < 2; round++) {
        const writer = await sqlite({ path }).open(sinkContext())
        await writer.write([
          fileEvent('CREATE /a', { pid: 7 }),
          fileEvent({
            filePath: '/b',
            processDetails: { pid: 8, name: 'vim' } as never,
          }),
        ])
        await writer.close()
      }
      const found = inDatabase(path, (db) => ({
        processes: db.prepare('SELECT pid, name FROM events ORDER BY id').raw(true).all(),
        runs: db.prepare('SELECT count(*) FROM events GROUP BY run').raw(true).all(),
        mode: db.prepare('PRAGMA journal_mode').raw(true).all(),
      }))
      expect(found).toEqual({
        processes: [
          [7, null],
          [8, 'vim'],
          [7, null],
          [8, 'vim'],
        ],
        runs: [[2], [2]],
        mode: [['wal']],
      })
    }))

  it('finds by an index what people ask for', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      await (await sqlite({ path }).open(sinkContext())).close()
      for (const column of ['time', 'path', 'kind', 'pid', 'name']) {
        const plan = inDatabase(
          path,
          (db) =>
            db.prepare(`EXPLAIN QUERY PLAN SELECT * FROM events WHERE ${column} = 1`).all() as {
              detail: string
            }[],
        )
        expect(plan[0]!.detail).toContain(`USING INDEX events_${column}`)
      }
    }))

  it('can be read while it is written', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const writer = await sqlite({ path }).open(sinkContext())
      await writer.write(batch(0, 3))
      expect(rowsOf(path)).toHaveLength(3)
      await writer.write(batch(3, 3))
      expect(rowsOf(path)).toHaveLength(6)
      await writer.close()
    }))

  it('keeps the newest rows, and those that are not too old', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const now = Date.now() * 1000
      const day = 86_400 * 1e6
      const writer = await sqlite({ path, retain: { age: '2d', rows: 3 } }).open(sinkContext())
      await writer.write([
        fileEvent('CREATE /old', { seq: 1, timestampMicros: now - 3 * day }),
        ...batch(2, 4).map((event) => event.with({ timestampMicros: now - day })),
      ])
      await writer.close()
      expect(rowsOf(path).map(({ seq }) => seq)).toEqual([3, 4, 5])
    }))

  it('removes what is too much while it writes, and gives the space back', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const writer = await sqlite({ path, retain: { rows: 10 } }).open(sinkContext())
      for (let round = 0; round < 10; round++) await writer.write(batch(round * 5000, 5000))
      expect(rowsOf(path).length).toBeLessThan(20_010)
      await writer.close()
      const seqs = rowsOf(path).map(({ seq }) => seq)
      expect(seqs).toEqual([49990, 49991, 49992, 49993, 49994, 49995, 49996, 49997, 49998, 49999])
      const pages = inDatabase(path, (db) => db.prepare('PRAGMA page_count').raw(true).all())
      expect((pages as number[][])[0]![0]).toBeLessThan(100)
    }))

  it('waits for the lock of another program, says so once, and goes on', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const issues: Issue[] = []
      const context = { ...sinkContext(), report: (issue: Issue) => issues.push(issue) }
      const writer = await sqlite({ path }).open(context)
      const Database = loadLibsql()
      const other = new Database(path)
      other.exec('BEGIN IMMEDIATE')
      const writing = writer.write(batch(0, 2))
      await until(
        () => issues.length > 0,
        () => 'the report',
      )
      other.exec('COMMIT')
      other.close()
      await writing
      await writer.close()
      expect(issues.map(({ code }) => code)).toEqual(['FSFLOW_SINK_WAITS'])
      expect(rowsOf(path)).toHaveLength(2)
    }))

  it('fails with the number of events when the lock outlasts lockTimeout', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const context = { ...sinkContext(), report: () => undefined }
      const writer = await sqlite({ path, lockTimeout: 0 }).open(context)
      const Database = loadLibsql()
      const other = new Database(path)
      other.exec('BEGIN IMMEDIATE')
      await expect(writer.write(batch(0, 2))).rejects.toMatchObject({
        code: 'FSFLOW_SINK_WRITE',
        lost: 2,
        message: `sqlite: cannot write to ${path}: database is locked; 2 of 2 events not written`,
      })
      other.exec('COMMIT')
      other.close()
      await writer.close()
    }))

  itWith(
    [mounting],
    'on a full disk, fails with all events of the batch lost, and what was there stays whole',
    () =>
      withSmallDisk(600, async (directory) => {
        const path = join(directory, 'events.db')
        const writer = await sqlite({ path }).open(sinkContext())
        await writer.write(batch(0, 10))
        const large = batch(10, 5000)
        await expect(writer.write(large)).rejects.toMatchObject({ code: 'FSFLOW_DISK_FULL', lost: 5000 })
        await writer.close()
        expect(rowsOf(path).map(({ seq }) => seq)).toEqual(batch(0, 10).map(({ seq }) => seq))
      }),
  )

  itWith([program('sqlite3')], 'is a database that sqlite3 takes for whole', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const writer = await sqlite({ path }).open(sinkContext())
      await writer.write(batch(0, 500))
      await writer.close()
      const told = execFileSync('sqlite3', [path, 'PRAGMA integrity_check; SELECT count(*) FROM events'])
      expect(told.toString()).toBe('ok\n500\n')
    }),
  )

  it.each<[string, (path: string) => void, string]>([
    [
      'what is no database',
      (path) => writeFileSync(path, 'text'.repeat(100)),
      'it is not an SQLite database',
    ],
    [
      'the database of something else',
      (path) =>
        inDatabase(path, (db) => {
          db.exec('PRAGMA application_id = 7; CREATE TABLE other (x)')
        }),
      'it is the database of something else',
    ],
    [
      'that of a later version',
      (path) =>
        inDatabase(path, (db) => {
          db.exec(`PRAGMA application_id = 1718838892; PRAGMA user_version = 99`)
        }),
      'a later version of fsflow has made it (99; this one knows 1)',
    ],
    ['a symbolic link', (path) => symlinkSync('/etc/passwd', path), 'it is a symbolic link'],
  ])('refuses %s, at check already', (_, make, message) =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      make(path)
      const expected = { code: 'FSFLOW_SINK_OPEN', message: expect.stringContaining(message) as unknown }
      await expect(sqlite({ path }).check()).rejects.toMatchObject(expected)
      await expect(sqlite({ path }).open(sinkContext())).rejects.toMatchObject(expected)
      expect(readdirSync(directory)).toEqual(['events.db'])
    }),
  )

  it('refuses at open a database of something else that does not say so', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      inDatabase(path, (db) => {
        db.exec('CREATE TABLE other (x)')
      })
      await expect(sqlite({ path }).open(sinkContext())).rejects.toMatchObject({
        code: 'FSFLOW_SINK_OPEN',
        message: `sqlite: cannot write to ${path}: it is the database of something else`,
      })
    }))

  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [{}, 'path is missing'],
    [{ path: '' }, 'path is empty'],
    [{ path: 'a', retain: 7 }, 'retain must be an object'],
    [{ path: 'a', retain: { age: '3' } }, 'retain.age is not a time'],
    [{ path: 'a', retain: { rows: 0 } }, 'retain.rows must be a whole number'],
    [{ path: 'a', retain: { days: 1 } }, 'retain: days is not an option'],
    [{ path: 'a', lockTimeout: -1 }, 'lockTimeout must be a number of milliseconds'],
    [{ path: 'a', table: 'x' }, 'table is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => sqlite(options as SqliteSinkOptions)).toThrow(`sqlite: ${message}`)
  })

  it('says for fsflow check what it keeps', () => {
    const { description } = sqlite({ path: '/x/events.db', retain: { age: '30d', rows: 5 } })
    expect(description).toBe(
      'the table events of the SQLite database /x/events.db, which keeps rows of the last 2592000 s and at most 5 rows',
    )
  })
})
