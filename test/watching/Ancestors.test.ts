import { describe, expect, it } from '@jest/globals'
import { EACCES } from '../../src/linux/errno.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { SimulatedFilesystem } from '../../src/testing/simulatedFilesystem.js'
import { Ancestors } from '../../src/watching/Ancestors.js'

/** `/a/b/r` and `/a/b/s` are there to be roots; `taken` are watches that serve something else as well. */
function given() {
  const fs = new SimulatedFilesystem()
  fs.mkdirp('/a/b/r')
  fs.mkdirp('/a/b/s')
  const kernel = fs.inotify()
  const taken = new Set<number>()
  const ancestors = new Ancestors(kernel, (wd) => taken.has(wd))
  const watched = () => [...kernel.watchedPaths().values()].sort()
  const wdOf = (path: string) => [...kernel.watchedPaths()].find(([, other]) => other === path)?.[0] ?? -1
  return { fs, kernel, taken, ancestors, watched, wdOf }
}

describe('Ancestors', () => {
  it('watches what is above a root, and nothing else; no watch is left when the root is released', () => {
    const { ancestors, watched, wdOf } = given()
    expect(ancestors.watch('/a/b/r')).toBe(true)
    expect(watched()).toEqual(['/a', '/a/b'])
    expect([ancestors.has(wdOf('/a')), ancestors.has(wdOf('/a/b')), ancestors.has(99)]).toEqual([
      true,
      true,
      false,
    ])
    ancestors.release('/a/b/r')
    expect(watched()).toEqual([])
    expect(ancestors.watch('/a')).toBe(true)
    expect(watched()).toEqual([])
  })

  it('says which roots are below a directory that was renamed, and hears nothing of what is in it', () => {
    const { fs, kernel, ancestors, wdOf } = given()
    ancestors.watch('/a/b/r')
    ancestors.watch('/a/b/s')
    ancestors.watch('/a/x')
    const wd = wdOf('/a/b')
    fs.mknod('/a/b/file')
    fs.rename('/a/b', '/a/c')
    expect(kernel.read()).toEqual([{ wd, mask: IN.MOVE_SELF, cookie: 0, name: '' }])
    expect(ancestors.rootsBelow(wd)).toEqual(['/a/b/r', '/a/b/s'])
    expect(ancestors.rootsBelow(wdOf('/a'))).toEqual(['/a/b/r', '/a/b/s', '/a/x'])
    expect(ancestors.rootsBelow(99)).toEqual([])
  })

  it('keeps a watch as long as one root below needs it', () => {
    const { ancestors, watched, wdOf } = given()
    ancestors.watch('/a/b/r')
    ancestors.watch('/a/b/s')
    ancestors.release('/a/b/r')
    expect(watched()).toEqual(['/a', '/a/b'])
    expect(ancestors.rootsBelow(wdOf('/a/b'))).toEqual(['/a/b/s'])
    ancestors.release('/a/b/s')
    expect(watched()).toEqual([])
  })

  it('leaves a watch that serves something else as it is, its mask too', () => {
    const { fs, kernel, taken, ancestors, watched } = given()
    const wd = kernel.addWatch('/a', IN.CREATE)
    taken.add(wd)
    ancestors.watch('/a/b/r')
    fs.mkdir('/a/new')
    fs.rename('/a', '/z')
    expect(kernel.read().map(({ mask }) => mask & ~IN.ISDIR)).toEqual([IN.CREATE, IN.MOVE_SELF])
    ancestors.release('/a/b/r')
    expect(watched()).toEqual(['/z'])
    ancestors.watch('/z/b/r')
    ancestors.reset()
    expect(watched()).toEqual(['/z'])
  })

  it('takes from a watch what it served for before', () => {
    const { fs, kernel, ancestors } = given()
    kernel.addWatch('/a', IN.CREATE)
    ancestors.watch('/a/b/r')
    fs.mkdir('/a/new')
    expect(kernel.read()).toEqual([])
  })

  it('is not sure of a path with a link in it, at its end, or with something that cannot be watched', () => {
    const { fs, ancestors } = given()
    fs.symlink('/a/b', '/link')
    fs.symlink('/a/b', '/a/last')
    expect(ancestors.watch('/link/r')).toBe(false)
    expect(ancestors.watch('/a/last')).toBe(false)
    expect(ancestors.watch('/a/b/r')).toBe(true)
    fs.mkdirp('/a/locked/r')
    fs.chmod('/a/locked', 0o300)
    expect([ancestors.watch('/a/locked/r'), ancestors.has(-EACCES)]).toEqual([false, false])
  })

  it('forgets a watch that the kernel has dropped', () => {
    const { fs, kernel, ancestors, wdOf } = given()
    ancestors.watch('/a/b/r')
    const wd = wdOf('/a/b')
    fs.removeTree('/a/b')
    expect(kernel.read().filter((record) => record.mask === IN.IGNORED)).toMatchObject([{ wd }])
    ancestors.ended(wd)
    expect([ancestors.has(wd), ancestors.rootsBelow(wd)]).toEqual([false, []])
    expect(ancestors.has(wdOf('/a'))).toBe(true)
  })

  it('begins anew without a watch', () => {
    const { ancestors, watched, wdOf } = given()
    ancestors.watch('/a/b/r')
    const wd = wdOf('/a')
    ancestors.reset()
    expect([watched(), ancestors.has(wd)]).toEqual([[], false])
    ancestors.watch('/a/b/r')
    expect(watched()).toEqual(['/a', '/a/b'])
  })
})
