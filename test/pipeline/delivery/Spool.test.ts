import { chmod, chown, lstat, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { FileEvent } from '../../../src/events/index.js'
import { Spool } from '../../../src/pipeline/delivery/Spool.js'
import { loadLibsql } from '../../../src/sinks/database/loadLibsql.js'
import { itAsRoot, itWith, mounting } from '../../helpers/requires.js'
import { withDirectory, withSmallDisk } from '../../helpers/withDirectory.js'
import { event } from '../fakes.js'

const report = (): void => undefined
const batch = (from: number, count: number): FileEvent[] =>
  Array.from({ length: count }, (_, index) => event(from + index, 'MODIFY', `/dir/f${from + index}`))
const seqs = (events: readonly FileEvent[] | undefined) => events?.map(({ seq }) => seq)

function withSpool(use: (spool: Spool, path: string) => Promise<void>, bytes = 2 ** 24): Promise<void> {
  return withDirectory(async (directory) => {
    const path = join(directory, 'spool', 'events.db')
    const spool = await Spool.open(path, bytes, report)
    await use(spool, path)
    await spool.close()
  })
}

async function drained(spool: Spool): Promise<number[]> {
  const found: number[] = []
  for (let next = await spool.read(8192); next !== undefined; next = await spool.read(8192)) {
    found.push(...seqs(next.events)!)
    await spool.remove(next, next.events.length)
  }
  return found
}

describe('Spool', () => {
  it('gives events back in their order, as they were, and removes them', () =>
    withSpool(async (spool) => {
      const sent = event(0, 'CREATE', '/a', {
        pid: 7,
        root: '/',
        filePathBytes: new Uint8Array([47, 255]),
        fileMetadata: null,
        operationDetails: { description: 'made', sizeChange: 3 },
      })
      await spool.put([sent], 'first')
      await spool.put(batch(1, 1000), 'first')
      const found = (await spool.read(8192))!
      expect(found.run).toBe('first')
      expect(found.events[0]).toEqual(sent)
      expect(seqs(found.events)).toEqual([...Array(1001).keys()])
      await spool.remove(found, 1001)
      expect(spool.count).toBe(0)
      expect(await spool.read(10)).toBeUndefined()
    }))

  it('keeps events for the next run, and never mixes those of two runs', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const before = await Spool.open(path, 2 ** 24, report)
      await before.put(batch(0, 3), 'first')
      await before.close()
      const after = await Spool.open(path, 2 ** 24, report)
      expect([after.count, after.resumed]).toEqual([3, 3])
      await after.put(batch(0, 2), 'second')
      const first = (await after.read(8192))!
      expect([first.run, seqs(first.events)]).toEqual(['first', [0, 1, 2]])
      await after.remove(first, 3)
      const second = (await after.read(8192))!
      expect([second.run, seqs(second.events)]).toEqual(['second', [0, 1]])
      await after.close()
    }))

  it('puts a batch to the place that was kept for it', () =>
    withSpool(async (spool) => {
      const place = spool.place()
      await spool.put(batch(8000, 10), 'run')
      await spool.put(batch(0, 8000), 'run', place)
      expect(await drained(spool)).toEqual([...Array(8010).keys()])
    }))

  it('remembers how much of a row is done with, also across runs', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      const spool = await Spool.open(path, 2 ** 24, report)
      await spool.put(batch(0, 600), 'run')
      const found = (await spool.read(8192))!
      await spool.remove(found, 300)
      await spool.remove(found, 10)
      expect(seqs((await spool.read(8192))!.events)![0]).toBe(310)
      expect(spool.count).toBe(290)
      await spool.close()
      const again = await Spool.open(path, 2 ** 24, report)
      expect(again.resumed).toBe(290)
      expect(await drained(again)).toEqual(batch(310, 290).map(({ seq }) => seq))
      await again.close()
    }))

  it('takes a batch whole or not at all when it is full, and again when there is room', () =>
    withSpool(async (spool) => {
      let put = 0
      for (;;) {
        const refused = await spool.put(batch(put, 500), 'run').then(
          () => undefined,
          (error: unknown) => error,
        )
        if (refused !== undefined) {
          expect(refused).toMatchObject({ code: 'SQLITE_FULL' })
          break
        }
        put += 500
      }
      expect(put).toBeGreaterThan(0)
      expect(spool.count).toBe(put)
      const found = (await spool.read(8192))!
      await spool.remove(found, found.events.length)
      await spool.put(batch(put, 500), 'run')
      expect(await drained(spool)).toEqual(
        batch(found.events.length, put + 500 - found.events.length).map(({ seq }) => seq),
      )
    }, 300_000))

  it('is for one process, which names all its files', () =>
    withSpool(async (spool, path) => {
      const names = await readdir(join(path, '..'))
      expect(spool.ownFiles.map((file) => file.path).sort()).toEqual(
        names.map((name) => join(path, '..', name)).sort(),
      )
      expect(names).toContain('events.db-wal')
      const Database = loadLibsql()
      expect(() => new Database(path, { timeout: 0 }).exec('BEGIN IMMEDIATE')).toThrow('locked')
    }))

  it('names the files that appear when it is opened again, too', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events.db')
      await (await Spool.open(path, 2 ** 24, report)).close()
      const spool = await Spool.open(path, 2 ** 24, report)
      await spool.put(batch(0, 1), 'run')
      expect(spool.ownFiles.map((file) => file.path).sort()).toEqual(
        (await readdir(directory)).map((name) => join(directory, name)).sort(),
      )
      await spool.close()
    }))

  it('can be read by this user alone', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'made', 'events.db')
      await mkdir(join(directory, 'made'), { mode: 0o755 })
      await (await Spool.open(path, 2 ** 24, report)).close()
      await chmod(path, 0o644)
      const spool = await Spool.open(path, 2 ** 24, report)
      for (const file of spool.ownFiles) expect((await stat(file.path)).mode & 0o777).toBe(0o600)
      await spool.close()
      const other = await Spool.open(join(directory, 'new', 'below', 'events.db'), 2 ** 24, report)
      expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700)
      await other.close()
    }))

  it('follows no link, and is in no directory that others can write', () =>
    withDirectory(async (directory) => {
      const refused = (path: string) => expect(Spool.open(join(directory, path), 2 ** 24, report)).rejects
      await writeFile(join(directory, 'target'), '')
      await symlink(join(directory, 'target'), join(directory, 'link.db'))
      await refused('link.db').toThrow('is a symbolic link, which is not followed')
      await symlink(join(directory, 'target'), join(directory, 'side.db-wal'))
      await refused('side.db').toThrow('side.db-wal is a symbolic link')
      await mkdir(join(directory, 'real'))
      await symlink(join(directory, 'real'), join(directory, 'linked'))
      await refused('linked/events.db').toThrow('its directory is a symbolic link')
      await mkdir(join(directory, 'open'))
      await chmod(join(directory, 'open'), 0o777)
      await refused('open/events.db').toThrow('its directory can be written by other users')
      await refused('target/events.db').toThrow('its directory is not a directory')
      expect((await lstat(join(directory, 'target'))).size).toBe(0)
    }))

  it('leaves alone what is no spool', () =>
    withDirectory(async (directory) => {
      const text = join(directory, 'notes')
      await writeFile(text, 'not a database, but long enough to be taken for one by its length. '.repeat(4), {
        mode: 0o644,
      })
      await expect(Spool.open(text, 2 ** 24, report)).rejects.toMatchObject({
        code: 'FSFLOW_SPOOL',
        path: text,
      })
      expect((await stat(text)).mode & 0o777).toBe(0o644)
      const Database = loadLibsql()
      const other = new Database(join(directory, 'other.db'))
      other.exec('CREATE TABLE t (x)')
      other.close()
      await expect(Spool.open(join(directory, 'other.db'), 2 ** 24, report)).rejects.toThrow(
        'it is the database of something else',
      )
    }))

  itWith([mounting], 'on a full disk takes nothing, keeps what it has, and can still be emptied', () =>
    withSmallDisk(600, async (directory) => {
      await chmod(directory, 0o700)
      const spool = await Spool.open(join(directory, 'events.db'), 2 ** 30, report)
      let put = 0
      while (
        await spool.put(batch(put, 200), 'run').then(
          () => true,
          () => false,
        )
      )
        put += 200
      expect(put).toBeGreaterThan(0)
      expect(spool.count).toBe(put)
      expect(await drained(spool)).toEqual([...Array(put).keys()])
      await spool.close()
    }),
  )

  itAsRoot('is not in a directory of another user', () =>
    withDirectory(async (directory) => {
      await chown(directory, 65_534, 65_534)
      await expect(Spool.open(join(directory, 'events.db'), 2 ** 24, report)).rejects.toThrow(
        'its directory is that of another user',
      )
    }),
  )
})
