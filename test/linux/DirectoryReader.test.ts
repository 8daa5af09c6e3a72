import * as fs from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { cPath } from '../../src/linux/cPath.js'
import { changedAt, DirectoryReader, identify } from '../../src/linux/DirectoryReader.js'
import { makeDeepTree, removeDeepTree } from '../helpers/deepTree.js'
import { descriptors } from '../helpers/procSelf.js'
import { withDirectory } from '../helpers/withDirectory.js'

const { ENAMETOOLONG, ENOENT, ENOTDIR } = constants.errno
const O_PATH_DIRECTORY = 0o10200000
const PATH_MAX = 4095

const open = () => descriptors().size

describe('DirectoryReader', () => {
  it('lists what readdir lists, and leaves no descriptor', () =>
    withDirectory((directory) => {
      const reader = new DirectoryReader()
      for (const name of ['b', 'a', '.c', '...']) fs.writeFileSync(join(directory, name), '')
      const before = open()
      const entries = reader.list(directory) as { name: string }[]
      expect(entries.map(({ name }) => name).sort()).toEqual(fs.readdirSync(directory).sort())
      expect(reader.list(join(directory, 'a'))).toBe(-ENOTDIR)
      expect(reader.list(join(directory, 'x'))).toBe(-ENOENT)
      expect(open()).toBe(before)
      return Promise.resolve()
    }))

  it('lists / and /proc, whose entries have no place on a disk', () => {
    const reader = new DirectoryReader()
    const names = (path: string) => (reader.list(path) as { name: string }[]).map(({ name }) => name)
    expect(names('/').sort()).toEqual(fs.readdirSync('/').sort())
    expect(names('/proc')).toContain(String(process.pid))
    expect(reader.list(`/proc/${process.pid}`)).toContainEqual(
      expect.objectContaining({ name: 'exe', type: 'symlink' }),
    )
  })

  it('opens a path of any length', () =>
    withDirectory(async (directory) => {
      // Lengths around the limit, so that pieces end before, at and behind a slash.
      for (const [name, levels] of [
        ['d'.repeat(255), 33],
        ['e'.repeat(20), 300],
        ['f', 4100],
      ] as const) {
        const reader = new DirectoryReader()
        const before = open()
        const last = makeDeepTree(directory, name, levels, 'end')
        const parts = last.slice(directory.length + 1).split('/')
        for (let length = parts.length; length > 0; length -= Math.ceil(parts.length / 12)) {
          const path = `${directory}/${parts.slice(0, length).join('/')}`
          const expected =
            length === parts.length ? [{ name: 'end', type: 'file' }] : [{ name, type: 'directory' }]
          expect(reader.list(path)).toMatchObject(expected)
        }
        expect(reader.list(`${last}/missing`)).toBe(-ENOENT)
        expect(reader.list(`${last.slice(0, directory.length + 1)}missing/${last}`)).toBe(-ENOENT)
        expect(open()).toBe(before)
        removeDeepTree(join(directory, name))
      }
      return Promise.resolve()
    }))

  it('takes the longest path that the kernel takes in one piece', () =>
    withDirectory((directory) => {
      const reader = new DirectoryReader()
      fs.mkdirSync(join(directory, 'd'))
      fs.mkdirSync(join(directory, 'ee'))
      for (const length of [PATH_MAX - 1, PATH_MAX, PATH_MAX + 1, PATH_MAX + 2]) {
        // Either name makes the rest a whole number of `/.`.
        const base = [join(directory, 'd'), join(directory, 'ee')].find(
          (path) => (length - path.length) % 2 === 0,
        )!
        const path = base + '/.'.repeat((length - base.length) / 2)
        expect(path).toHaveLength(length)
        expect(reader.list(path)).toEqual([])
      }
      return Promise.resolve()
    }))

  it('says of a name without any slash that it is too long', () => {
    const reader = new DirectoryReader()
    expect(reader.open('x'.repeat(5000), O_PATH_DIRECTORY)).toBe(-ENAMETOOLONG)
    expect(reader.open('/' + 'x'.repeat(5000), O_PATH_DIRECTORY)).toBe(-ENAMETOOLONG)
    expect(reader.withLink('x'.repeat(5000), () => 1)).toBe(-ENAMETOOLONG)
  })

  it('lends a link to a directory, and takes it back', () =>
    withDirectory((directory) => {
      const reader = new DirectoryReader()
      fs.mkdirSync(join(directory, 'd'))
      const before = open()
      let lent = ''
      expect(
        reader.withLink(join(directory, 'd'), (link) => {
          lent = fs.readlinkSync(link)
          return 7
        }),
      ).toBe(7)
      expect(lent).toBe(join(directory, 'd'))
      expect(() =>
        reader.withLink(directory, () => {
          throw new Error('use')
        }),
      ).toThrow('use')
      expect(open()).toBe(before)
      return Promise.resolve()
    }))

  it('passes paths to C with a NUL at the end, byte for byte', () => {
    expect([...cPath('a\xff')]).toEqual([0x61, 0xff, 0])
  })
})

describe('identify and changedAt', () => {
  it('look at the entry itself, by its raw path', () =>
    withDirectory((directory) => {
      const raw = `${directory}/\xe9`
      fs.writeFileSync(Buffer.from(raw, 'latin1'), '')
      const stat = fs.lstatSync(Buffer.from(raw, 'latin1'))
      expect(identify(raw)).toMatchObject({ dev: stat.dev, ino: stat.ino, type: 'file' })
      expect(Math.abs(changedAt(raw) - stat.ctimeMs * 1000)).toBeLessThan(1)
      expect(identify(`${raw}x`)).toBe(-ENOENT)
      expect(changedAt(`${raw}/x`)).toBe(-ENOTDIR)
      return Promise.resolve()
    }))
})
