import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { directoryPort } from '../../src/linux/directoryPort.js'
import { DiskTree, type FoundDirectory } from '../../src/watching/DiskTree.js'
import { withDirectory } from '../helpers/withDirectory.js'

const { EACCES, EIO, ENOENT } = constants.errno
const all: (path: string, isDirectory: boolean) => boolean = () => true

const listed = (disk: DiskTree): FoundDirectory[] =>
  [...disk.directories()].filter((directory) => directory !== undefined)

function found(disk: DiskTree, root: string): string[] {
  return listed(disk).map(
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

  describe('with links that are followed', () => {
    const followed = (root: string, told: readonly string[] = [], passes = all) =>
      new DiskTree(directoryPort(), [{ path: root, only: undefined }], passes, {
        followSymlinks: (path) => told.some((other) => other.startsWith(`${path}/`)),
      })

    it('lists what they lead to, each directory once, under its real path where it has one', async () => {
      await withDirectory((top) => {
        const root = join(top, 'r')
        mkdirSync(join(root, 'real/d'), { recursive: true })
        mkdirSync(join(top, 'out/sub'), { recursive: true })
        symlinkSync('real', join(root, 'inside'))
        symlinkSync('../out', join(root, 'outside'))
        symlinkSync('nowhere', join(root, 'broken'))
        symlinkSync('.', join(root, 'real/loop'))
        symlinkSync('..', join(top, 'out/sub/up'))
        symlinkSync('../r', join(top, 'out/back'))
        const disk = followed(root)
        const expected = [
          ': broken inside outside real/',
          '/outside: back sub/',
          '/outside/sub: up',
          '/real: d/ loop',
          '/real/d: ',
        ]
        expect(found(disk, root).sort()).toEqual(expected.sort())
        expect(found(disk, root).sort()).toEqual(expected)
        expect(disk.kindOf(`${root}/outside/sub`)).toBe(true)
        expect(disk.kindOf(`${root}/real/d`)).toBe(true)
        // It is there, and told under its real path.
        expect(disk.kindOf(`${root}/inside/d`)).toBeUndefined()
      })
    })

    it('takes the way to a directory under which something was told', async () => {
      await withDirectory((top) => {
        const root = join(top, 'r')
        mkdirSync(root)
        mkdirSync(join(top, 'out/sub'), { recursive: true })
        writeFileSync(join(top, 'out/sub/f'), '')
        for (const name of ['a', 'b', 'c']) symlinkSync('../out', join(root, name))
        symlinkSync('../out/sub', join(root, 'd'))
        for (const way of ['a', 'b', 'c']) {
          const disk = followed(root, [`${root}/${way}/sub`, `${root}/${way}/sub/f`])
          expect(found(disk, root)).toEqual([': a b c d', `/${way}: sub/`, `/${way}/sub: f`])
          expect(disk.kindOf(`${root}/${way}/sub/f`)).toBe(false)
          expect(disk.kindOf(`${root}/d/f`)).toBeUndefined()
        }
        const apart = followed(root, [`${root}/b/sub`, `${root}/d/f`])
        expect(found(apart, root).sort()).toEqual(['/b: sub/', '/d: f', ': a b c d'])
      })
    })

    it('leaves alone what does not pass as a directory', async () => {
      await withDirectory((top) => {
        mkdirSync(join(top, 'out'))
        mkdirSync(join(top, 'r'))
        symlinkSync('../out', join(top, 'r/skip'))
        const disk = followed(join(top, 'r'), [], (_: string, isDirectory: boolean) => !isDirectory)
        expect(found(disk, join(top, 'r'))).toEqual([': skip'])
      })
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
    expect(listed(disk).map(({ path }) => path)).toEqual(['/', '/a'])
  })
})
