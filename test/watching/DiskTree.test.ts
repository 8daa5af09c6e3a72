import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { directoryPort } from '../../src/linux/directoryPort.js'
import { DiskTree } from '../../src/watching/DiskTree.js'
import { withDirectory } from '../helpers/withDirectory.js'

const { EACCES, EIO, ENOENT } = constants.errno
const all = () => true

function found(disk: DiskTree, root: string): string[] {
  return [...disk.directories()].map(
    ({ path, entries }) =>
      `${path.slice(root.length)}: ${entries
        .map(({ name, isDirectory }) => name + (isDirectory ? '/' : ''))
        .sort()
        .join(' ')}`,
  )
}

describe('DiskTree', () => {
  it('lists each directory, parents first, by raw names, and does not follow links', async () => {
    await withDirectory(async (root) => {
      mkdirSync(join(root, 'a/b'), { recursive: true })
      writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.of(0xff)]), '')
      symlinkSync('a', join(root, 'link'))
      const disk = new DiskTree(directoryPort(), [{ path: root, only: undefined }], all)
      expect(found(disk, root)).toEqual([': a/ link', '/a: b/ \xff', '/a/b: '])
      expect(
        ['a', 'link', 'a/\xff', 'none', 'link/b', 'a/\xff/x'].map((name) => disk.kindOf(`${root}/${name}`)),
      ).toEqual([true, false, false, undefined, true, undefined])
      await Promise.resolve()
    })
  })

  it('a root that is a link is listed where it leads; one that is gone, or a file, is empty', async () => {
    await withDirectory(async (root) => {
      mkdirSync(join(root, 'real/d'), { recursive: true })
      symlinkSync('real', join(root, 'link'))
      const link = join(root, 'link')
      const disk = new DiskTree(directoryPort(), [{ path: link, only: undefined }], all)
      expect(found(disk, link)).toEqual([': d/', '/d: '])
      rmSync(join(root, 'real'), { recursive: true })
      expect(found(disk, link)).toEqual([': '])
      writeFileSync(join(root, 'real'), '')
      expect(found(disk, link)).toEqual([': '])
      await Promise.resolve()
    })
  })

  it('of a file root only its names count, and what does not pass is neither told nor entered', async () => {
    await withDirectory(async (root) => {
      mkdirSync(join(root, 'skip/below'), { recursive: true })
      mkdirSync(join(root, 'd/skip'), { recursive: true })
      for (const name of ['f', 'g']) writeFileSync(join(root, name), '')
      const files = new DiskTree(directoryPort(), [{ path: root, only: new Set(['f', 'd']) }], all)
      expect(found(files, root)).toEqual([': d/ f'])
      const asked: string[] = []
      const disk = new DiskTree(directoryPort(), [{ path: root, only: undefined }], (path, isDirectory) => {
        asked.push(path + (isDirectory ? '/' : ''))
        return !path.endsWith('skip')
      })
      expect(found(disk, root)).toEqual([': d/ f g', '/d: '])
      expect(asked.sort()).toEqual(['d/', 'd/skip/', 'f', 'g', 'skip/'])
      await Promise.resolve()
    })
  })

  it('counts what may not be read, and leaves for later what has gone since it was listed', () => {
    const kinds: Record<string, number> = { '/r/locked': -EACCES, '/r/gone': -ENOENT, '/r/broken': -EIO }
    const port = {
      list: (path: string) =>
        kinds[path] ??
        Object.keys(kinds).map((name) => ({ name: name.slice(3), type: 'directory' as const })),
      identify: (path: string) => kinds[path] ?? -ENOENT,
    }
    const disk = new DiskTree(port, [{ path: '/r', only: undefined }], all)
    for (let walk = 0; walk < 2; walk++) {
      expect(found(disk, '/r')).toEqual([': broken/ gone/ locked/'])
      expect(disk.unreadable).toBe(1)
    }
    expect([disk.kindOf('/r/locked'), disk.kindOf('/r/broken'), disk.kindOf('/r/gone')]).toEqual([
      null,
      null,
      undefined,
    ])
  })

  it('can begin at /', () => {
    const port = {
      list: (path: string) => (path === '/.' ? [{ name: 'a', type: 'directory' as const }] : []),
      identify: () => -ENOENT,
    }
    const disk = new DiskTree(port, [{ path: '/', only: undefined }], all)
    expect([...disk.directories()].map(({ path }) => path)).toEqual(['/', '/a'])
  })
})
