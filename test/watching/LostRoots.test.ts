import { describe, expect, it } from '@jest/globals'
import { EACCES } from '../../src/linux/errno.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { SimulatedFilesystem } from '../../src/testing/simulatedFilesystem.js'
import type { SimulatedInotifyOptions } from '../../src/testing/simulatedInotify.js'
import { LostRoots } from '../../src/watching/LostRoots.js'
import type { WatchRoot } from '../../src/watching/WatchNode.js'
import { WatchTable } from '../../src/watching/WatchTable.js'

const MASK = IN.CREATE | IN.MOVED_FROM | IN.MOVED_TO | IN.DELETE | IN.DELETE_SELF | IN.MOVE_SELF

const root = (path: string): WatchRoot => ({ path, only: undefined, recursive: true, mayBeMissing: true })

/** `/a` is there. */
function given(options: SimulatedInotifyOptions = {}) {
  const fs = new SimulatedFilesystem()
  fs.mkdir('/a')
  const kernel = fs.inotify(options)
  const table = new WatchTable()
  const found: string[] = []
  const problems: number[] = []
  const blind = new Set<string>()
  const taken = new Set<number>()
  const lost = new LostRoots(kernel, table, MASK, {
    found: ({ path }) => found.push(path),
    problem: (_, errno) => problems.push(errno),
    isBlind: (path) => blind.has(path),
    isTaken: (wd) => taken.has(wd),
  })
  const apply = () => {
    while (kernel.queued > 0) for (const record of kernel.read()) lost.apply(record)
  }
  const watched = () => [...kernel.watchedPaths().values()].sort()
  return { fs, kernel, table, lost, found, problems, blind, taken, apply, watched }
}

describe('LostRoots', () => {
  it('waits in the nearest directory there is, goes down with what comes, and leaves no watch', () => {
    const { fs, lost, found, apply, watched } = given()
    lost.await(root('/a/b/c'))
    expect(watched()).toEqual(['/a'])
    fs.mkdir('/a/other')
    apply()
    expect(watched()).toEqual(['/a'])
    fs.mkdir('/a/b')
    apply()
    expect([watched(), found]).toEqual([['/a/b'], []])
    fs.mkdir('/a/b/c')
    apply()
    expect([watched(), found]).toEqual([[], ['/a/b/c']])
  })

  it('finds what is there already, at once and once', () => {
    const { fs, lost, found, apply, watched } = given()
    fs.mkdirp('/a/b/c')
    lost.await(root('/a/b/c'))
    expect([watched(), found]).toEqual([[], ['/a/b/c']])
    fs.rmdir('/a/b/c')
    fs.mkdir('/a/b/c')
    apply()
    lost.look()
    expect(found).toHaveLength(1)
  })

  it('finds a root once, however often it is said not to be there', () => {
    const { fs, lost, found, apply } = given()
    const awaited = root('/a/b')
    for (let i = 0; i < 3; i++) lost.await(awaited)
    fs.mkdir('/a/b')
    apply()
    expect(found).toEqual(['/a/b'])
  })

  it('finds what moves there as a whole, and a root that is a file', () => {
    const { fs, lost, found, apply } = given()
    fs.mkdirp('/elsewhere/c')
    lost.await(root('/a/b/c'))
    lost.await(root('/a/file'))
    fs.rename('/elsewhere', '/a/b')
    fs.mknod('/a/file')
    apply()
    expect(found).toEqual(['/a/b/c', '/a/file'])
  })

  it('does not take a file on the way for a directory', () => {
    const { fs, lost, found, apply, watched } = given()
    lost.await(root('/a/b/c'))
    fs.mknod('/a/b')
    apply()
    expect([watched(), found]).toEqual([['/a'], []])
  })

  it.each([
    ['is deleted', (fs: SimulatedFilesystem) => fs.removeTree('/a/b')],
    ['moves away', (fs: SimulatedFilesystem) => fs.rename('/a/b', '/elsewhere')],
  ])('goes up when the directory in which it waits %s', (_, end) => {
    const { fs, lost, found, apply, watched } = given()
    fs.mkdir('/a/b')
    lost.await(root('/a/b/c'))
    expect(watched()).toEqual(['/a/b'])
    end(fs)
    apply()
    expect(watched()).toEqual(['/a'])
    fs.mkdirp('/a/b/c')
    apply()
    expect([watched(), found]).toEqual([[], ['/a/b/c']])
  })

  it('misses nothing that comes between the look and the watch', () => {
    let isTime = false
    const { fs, lost, found, watched } = given({
      beforeCall: (call) => {
        if (call !== 'addWatch' || isTime) return
        isTime = true
        fs.mkdirp('/a/b/c')
      },
    })
    lost.await(root('/a/b/c'))
    expect([watched(), found]).toEqual([[], ['/a/b/c']])
  })

  it('goes up when the directory goes between the look and the watch', () => {
    let isTime = false
    const { fs, lost, found, apply, watched } = given({
      beforeCall: (call, path) => {
        if (call !== 'addWatch' || path !== '/a/b' || isTime) return
        isTime = true
        fs.rmdir('/a/b')
      },
    })
    fs.mkdir('/a/b')
    lost.await(root('/a/b/c'))
    apply()
    expect([watched(), found]).toEqual([['/a'], []])
  })

  it('shares a watch between roots, and keeps it until the last one is found', () => {
    const { fs, kernel, lost, found, apply, watched } = given()
    lost.await(root('/a/b'))
    lost.await(root('/a/c'))
    fs.mkdir('/a/b')
    for (const record of kernel.read()) lost.apply(record)
    expect([watched(), found, kernel.queued]).toEqual([['/a'], ['/a/b'], 0])
    fs.mkdir('/a/c')
    apply()
    expect([watched(), found]).toEqual([[], ['/a/b', '/a/c']])
  })

  it('leaves a watch alone that serves something else as well', () => {
    const { fs, kernel, table, lost, taken, apply, watched } = given()
    fs.mkdir('/t')
    table.setWatch(table.addRoot(root('/a')), kernel.addWatch('/a', MASK))
    taken.add(kernel.addWatch('/t', MASK))
    lost.await(root('/a/b'))
    lost.await(root('/t/b'))
    fs.mkdir('/a/b')
    fs.mkdir('/t/b')
    apply()
    expect(watched()).toEqual(['/a', '/t'])
  })

  it('says once that a directory on the way cannot be watched, and goes on when it can be', () => {
    const { fs, lost, found, problems, watched } = given()
    fs.chmod('/a', 0o100)
    lost.await(root('/a/b'))
    lost.look()
    expect([problems, watched()]).toEqual([[EACCES], []])
    fs.chmod('/a', 0o700)
    lost.look()
    expect(watched()).toEqual(['/a'])
    fs.mkdir('/a/b')
    lost.look()
    expect([found, problems]).toEqual([['/a/b'], [EACCES]])
  })

  it('may miss what comes where not all gives records, or by a link that dangles, until a look', () => {
    const { fs, kernel, lost, found, blind } = given()
    lost.await(root('/a/b'))
    expect(lost.mayMiss).toBe(false)
    lost.reset()
    blind.add('/a')
    lost.await(root('/a/b'))
    expect(lost.mayMiss).toBe(true)
    kernel.remotely(() => fs.mkdir('/a/b'))
    expect(found).toEqual([])
    lost.look()
    expect([found, lost.mayMiss]).toEqual([['/a/b'], false])
    fs.symlink('/elsewhere', '/link')
    lost.await(root('/link'))
    expect(lost.mayMiss).toBe(true)
    fs.mkdir('/elsewhere')
    lost.look()
    expect([found, lost.mayMiss]).toEqual([['/a/b', '/link'], false])
  })

  it('takes a link for there when it leads to something, a file only at the end', () => {
    const { fs, lost, found, watched } = given()
    fs.mkdirp('/real/c')
    fs.mknod('/file')
    fs.symlink('/real', '/a/directory')
    fs.symlink('/file', '/a/file')
    fs.symlink('/nothing', '/a/dangling')
    expect(['directory', 'file', 'dangling', 'none'].map((name) => lost.isThere(`/a/${name}`))).toEqual([
      true,
      true,
      false,
      false,
    ])
    lost.await(root('/a/directory/c'))
    lost.await(root('/a/file/c'))
    expect([found, watched()]).toEqual([['/a/directory/c'], ['/a']])
  })

  it('knows once of a root that it has returned', () => {
    const { lost } = given()
    const [other, lostRoot] = [root('/a/x'), root('/a/b')]
    lost.await(lostRoot)
    expect([lost.hasReturned(other), lost.hasReturned(lostRoot), lost.hasReturned(lostRoot)]).toEqual([
      false,
      true,
      false,
    ])
  })

  it('knows its watches, and has none after a reset', () => {
    const { fs, kernel, lost, found, apply, watched } = given()
    lost.await(root('/a/b'))
    const [wd] = [...kernel.watchedPaths().keys()] as [number]
    expect([lost.has(wd), lost.has(wd + 1)]).toEqual([true, false])
    lost.reset()
    expect([watched(), lost.has(wd)]).toEqual([[], false])
    fs.mkdir('/a/b')
    apply()
    lost.look()
    expect(found).toEqual([])
  })
})
