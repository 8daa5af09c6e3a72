import { createHash, randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { ObjectStore } from '../../../src/linux/store/ObjectStore.js'
import {
  checkStoreDirectory,
  findStoreDirectory,
  openStoreDirectory,
} from '../../../src/linux/store/storeDirectory.js'
import { withDirectory } from '../../helpers/withDirectory.js'

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function filesBelow(directory: string): string[] {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('ObjectStore', () => {
  it('gives back what was put into it, also after it was opened again', () =>
    withDirectory(async (directory) => {
      const contents = [Buffer.from(''), Buffer.from('text\n'.repeat(1000)), randomBytes(100_000)]
      const store = new ObjectStore(join(directory, 'store'))
      for (const bytes of contents) store.put(digestOf(bytes), bytes)
      await store.sync(new Set(contents.map(digestOf)))
      await store.sync(new Set(Array.from({ length: 9 }, (_, index) => String(index))))
      store.close()
      const again = new ObjectStore(join(directory, 'store'))
      for (const bytes of contents) expect(again.get(digestOf(bytes))).toEqual(bytes)
      expect(again.get(digestOf(Buffer.from('other')))).toBeUndefined()
      expect(again.sizeOf(digestOf(contents[1]!))).toBeLessThan(100)
      again.close()
    }))

  it('keeps equal contents once, readable by gzip, and for nobody else', () =>
    withDirectory((directory) => {
      const store = new ObjectStore(directory)
      const bytes = Buffer.from('content')
      store.put(digestOf(bytes), bytes)
      const { ino } = fs.statSync(store.pathOf(digestOf(bytes)))
      store.put(digestOf(bytes), bytes)
      expect(fs.statSync(store.pathOf(digestOf(bytes))).ino).toBe(ino)
      expect(gunzipSync(fs.readFileSync(store.pathOf(digestOf(bytes))))).toEqual(bytes)
      for (const path of filesBelow(directory))
        expect([path, fs.statSync(path).mode & 0o077]).toEqual([path, 0])
      store.close()
    }))

  it('does not give out what is damaged, and mends it with the next put', () =>
    withDirectory((directory) => {
      const bytes = Buffer.from('content')
      const store = new ObjectStore(directory)
      store.put(digestOf(bytes), bytes)
      for (const damage of [
        Buffer.from(''),
        Buffer.from('no gzip'),
        fs.readFileSync(store.pathOf(digestOf(bytes))).subarray(0, 12),
      ]) {
        fs.writeFileSync(store.pathOf(digestOf(bytes)), damage)
        expect(store.get(digestOf(bytes))).toBeUndefined()
        store.put(digestOf(bytes), bytes)
        expect(store.get(digestOf(bytes))).toEqual(bytes)
      }
      store.close()
    }))

  it('does not follow a symbolic link in the place of an object', () =>
    withDirectory((directory) => {
      const bytes = Buffer.from('content')
      const store = new ObjectStore(join(directory, 'store'))
      store.put(digestOf(bytes), bytes)
      const path = store.pathOf(digestOf(bytes))
      fs.renameSync(path, join(directory, 'elsewhere'))
      fs.symlinkSync(join(directory, 'elsewhere'), path)
      expect(store.get(digestOf(bytes))).toBeUndefined()
      store.close()
    }))

  it('is open for many that add to it, or for one that takes away from it', () =>
    withDirectory((directory) => {
      const inUse = expect.objectContaining({
        code: 'FSFLOW_SINK_OPEN',
        message: expect.stringContaining('in use'),
      })
      const one = new ObjectStore(directory)
      const other = new ObjectStore(directory)
      expect(() => new ObjectStore(directory, 'exclusive')).toThrow(inUse)
      one.close()
      other.close()
      const alone = new ObjectStore(directory, 'exclusive')
      expect(() => new ObjectStore(directory)).toThrow(inUse)
      alone.close()
      alone.close()
    }))

  it('clears away what a killed process left, unless the store is in use', () =>
    withDirectory((directory) => {
      const one = new ObjectStore(directory)
      const left = join(directory, 'tmp', '1-0')
      fs.writeFileSync(left, 'torn')
      new ObjectStore(directory).close()
      expect(fs.existsSync(left)).toBe(true)
      one.close()
      new ObjectStore(directory).close()
      expect(fs.existsSync(left)).toBe(false)
    }))
})

describe('the directory of a store', () => {
  const refused = (problem: string) =>
    expect.objectContaining({ code: 'FSFLOW_SINK_OPEN', message: expect.stringContaining(problem) })

  it.each([
    ['a file', 'not a directory', (path: string) => fs.writeFileSync(path, '')],
    ['a symbolic link', 'symbolic link', (path: string) => fs.symlinkSync('/', path)],
    [
      'a directory that others may enter',
      'others may look',
      (path: string) => fs.mkdirSync(path, { mode: 0o755 }),
    ],
    [
      'a directory with something else',
      'something else',
      (path: string) => fs.mkdirSync(join(path, 'x'), { recursive: true, mode: 0o700 }),
    ],
  ])('is not %s', (_, problem, make) =>
    withDirectory((directory) => {
      const path = join(directory, 'store')
      make(path)
      const before = fs.lstatSync(path).mtimeMs
      expect(() => checkStoreDirectory(path)).toThrow(refused(problem))
      expect(() => openStoreDirectory(path)).toThrow(refused(problem))
      expect(fs.lstatSync(path).mtimeMs).toBe(before)
    }),
  )

  it('needs a directory to be made in', () => {
    expect(() => checkStoreDirectory('/no/such/store')).toThrow(refused('no such file'))
    expect(() => openStoreDirectory('/no/such/store')).toThrow(refused('no such file'))
  })

  it('is made when there is none, also when a process was killed while it made it', () =>
    withDirectory((directory) => {
      const path = join(directory, 'store')
      checkStoreDirectory(path)
      expect(fs.existsSync(path)).toBe(false)
      fs.mkdirSync(path, { mode: 0o700 })
      fs.writeFileSync(join(path, 'FORMAT.1'), 'fsf')
      checkStoreDirectory(path)
      openStoreDirectory(path)
      checkStoreDirectory(path)
      expect(findStoreDirectory(path)).toBe(path)
    }))

  it('is not found where there is none', () =>
    withDirectory((directory) => {
      const missing = expect.objectContaining({ code: 'FSFLOW_PATH_NOT_FOUND' })
      expect(() => findStoreDirectory(join(directory, 'none'))).toThrow(missing)
      expect(() => findStoreDirectory(directory)).toThrow(missing)
      expect(fs.readdirSync(directory)).toEqual([])
    }))
})
