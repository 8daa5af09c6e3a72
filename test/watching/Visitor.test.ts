import { describe, expect, it } from '@jest/globals'
import { EACCES, ENOENT, ENOMEM, ENOSPC } from '../../src/linux/errno.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { SimulatedFilesystem } from '../../src/testing/simulatedFilesystem.js'
import type { SimulatedInotifyOptions } from '../../src/testing/simulatedInotify.js'
import type { KernelPort } from '../../src/watching/port.js'
import type { Visit } from '../../src/watching/Visit.js'
import { Visitor } from '../../src/watching/Visitor.js'
import type { WatchNode } from '../../src/watching/WatchNode.js'
import { WatchTable } from '../../src/watching/WatchTable.js'

const NOW = 42

interface Given extends SimulatedInotifyOptions {
  /** The root is a file of that name. */
  readonly only?: string
  readonly polls?: boolean
  /** So many calls, of those that watch and of those that list, fail first. */
  readonly withoutMemory?: number
}

/** A root `/r` with the directory `d`, the file `d/f` and the link `link` to `d`. */
function given({ only, polls = false, withoutMemory = 0, ...kernelOptions }: Given = {}) {
  const fs = new SimulatedFilesystem()
  fs.mkdirp('/r/d')
  fs.writeFile('/r/d/f')
  fs.symlink('/r/d', '/r/link')
  const kernel = fs.inotify(kernelOptions)
  const calls: string[] = []
  const devices = new Map<string, number>()
  const blind = new Map<string, string>()
  const failures = { watch: withoutMemory, list: withoutMemory }
  const port: KernelPort = {
    addWatch(path, mask) {
      calls.push(`watch ${path}`)
      if (failures.watch-- > 0) return -ENOMEM
      return kernel.addWatch(path, mask)
    },
    listing(path) {
      calls.push(`list ${path}`)
      if (failures.list-- > 0) return -ENOMEM
      const listing = kernel.listing(path)
      if (typeof listing === 'number') return listing
      return { ...listing, self: { ...listing.self, dev: devices.get(path) ?? 1 } }
    },
    removeWatch: (wd) => kernel.removeWatch(wd),
    list: (path) => kernel.list(path),
    identify: (path) => kernel.identify(path),
    changedAt: (path) => kernel.changedAt(path),
    fence: () => kernel.fence(),
  }
  const table = new WatchTable()
  const root = { path: '/r', only: only === undefined ? undefined : new Set([only]) }
  const top = table.addRoot({ ...root, recursive: true, mayBeMissing: false })
  const d = table.attach(top, 'd')
  const visitor = new Visitor(port, table, IN.CREATE | IN.ONLYDIR, {
    polls: () => polls,
    now: () => NOW,
    blindFilesystem: (path) => blind.get(path),
  })
  const visit = (node: WatchNode, isProbe = false): Visit => visitor.visit(node, isProbe)
  const names = ({ entries }: Visit) => entries.map(({ name, type }) => `${name} ${type}`)
  return { fs, kernel, table, top, d, calls, devices, blind, visit, names }
}

describe('Visitor', () => {
  it('watches first and lists second, and says which directory it was', () => {
    const { fs, table, d, calls, visit, names } = given()
    const found = visit(d)
    expect(calls).toEqual(['watch /r/d', 'list /r/d'])
    const { ino, bornAt } = fs.lstat('/r/d')
    expect(found).toMatchObject({
      outcome: 'listed',
      moment: { at: NOW },
      self: { dev: 1, ino, bornAt },
      errno: 0,
    })
    expect([found.reason, found.blind, found.owner]).toEqual([undefined, undefined, undefined])
    expect([names(found), table.byWd(found.wd), d.wd]).toEqual([['f file'], d, found.wd])
  })

  it('has one moment for all visits of the same time: there are as many as directories', () => {
    const { top, d, visit } = given()
    expect(visit(top).moment).toBe(visit(d).moment)
  })

  it('has nothing to look at where it is watched already and all is told, as a probe or not', () => {
    const { d, calls, visit } = given()
    const { wd } = visit(d)
    for (const isProbe of [false, true]) {
      expect(visit(d, isProbe)).toMatchObject({ outcome: 'same', wd, entries: [], owner: d })
    }
    expect(calls.filter((call) => call.startsWith('list'))).toHaveLength(1)
  })

  it('lists what is watched already where not all is told, but not as a probe', () => {
    const { d, blind, visit, names } = given()
    blind.set('/r/d', 'nfs')
    const first = visit(d)
    expect([first.outcome, first.blind, first.reason]).toEqual(['listed', 'nfs', 'blind'])
    d.blind = first.blind
    expect(visit(d, true).outcome).toBe('same')
    // It is where it was, so that its filesystem is not asked for again.
    blind.clear()
    const again = visit(d)
    expect([again.outcome, again.blind, again.reason, names(again)]).toEqual([
      'listed',
      'nfs',
      'blind',
      ['f file'],
    ])
  })

  it('takes the filesystem of the parent for that of the directory, unless the device differs', () => {
    const { top, d, devices, blind, visit } = given()
    top.self = visit(top).self
    top.blind = 'nfs'
    expect(visit(d).blind).toBe('nfs')
    d.wd = 0
    devices.set('/r/d', 2)
    blind.set('/r/d', 'fuse')
    expect(visit(d).blind).toBe('fuse')
  })

  it('finds that a path leads elsewhere: to another directory, to one without a watch, or nowhere', () => {
    const { fs, d, kernel, visit } = given()
    const { wd } = visit(d)
    fs.rename('/r/d', '/r/away')
    const gone = visit(d, true)
    expect([gone.outcome, gone.wd]).toEqual(['replaced', 0])
    fs.mkdir('/r/d')
    const other = visit(d, true)
    expect([other.outcome, kernel.watchedPaths().get(other.wd), d.wd]).toEqual(['replaced', '/r/d', wd])
  })

  it('finds that another node has the watch of the directory', () => {
    const { fs, table, top, d, visit } = given()
    visit(d)
    fs.rename('/r/d', '/r/e')
    const e = table.attach(top, 'e')
    expect(visit(e)).toMatchObject({ outcome: 'alias', owner: d, wd: d.wd, entries: [] })
    expect(e.wd).toBe(0)
  })

  it('follows no link below a root, unless the directory is known to be reached by it', () => {
    const { table, top, visit, names } = given()
    const link = table.attach(top, 'link')
    expect(visit(link).outcome).toBe('failed')
    link.isLink = true
    const found = visit(link)
    expect([found.outcome, names(found)]).toEqual(['listed', ['f file']])
  })

  it('follows a root that is a link', () => {
    const { fs, top, visit, names } = given()
    fs.rename('/r', '/real')
    fs.symlink('/real', '/r')
    const found = visit(top)
    expect([found.outcome, names(found).sort()]).toEqual(['listed', ['d directory', 'link symlink']])
  })

  it('says why a directory could not be watched, or listed', () => {
    const { fs, d, visit } = given({
      beforeCall: (call) => {
        if (call === 'open' && fs.exists('/r/d')) fs.removeTree('/r/d')
      },
    })
    fs.chmod('/r/d', 0)
    expect(visit(d)).toMatchObject({ outcome: 'failed', errno: EACCES, wd: 0 })
    fs.chmod('/r/d', 0o700)
    const found = visit(d)
    expect(found).toMatchObject({ outcome: 'failed', errno: ENOENT })
    // Its watch is known all the same: someone has to let go of it.
    expect([found.wd, d.wd]).toEqual([found.wd, found.wd])
    expect(found.wd).toBeGreaterThan(0)
  })

  it('asks the kernel once more when it had no memory', () => {
    const { d, calls, visit, names } = given({ withoutMemory: 1 })
    expect(names(visit(d))).toEqual(['f file'])
    expect(calls).toEqual(['watch /r/d', 'watch /r/d', 'list /r/d', 'list /r/d'])
    const failing = given({ withoutMemory: 2 })
    expect(failing.visit(failing.d)).toMatchObject({ outcome: 'failed', errno: ENOMEM, wd: 0 })
  })

  it('beyond the watch limit, fails, or lists without a watch where that is to be polled', () => {
    const failing = given({ maxWatches: 0 })
    expect(failing.visit(failing.d)).toMatchObject({ outcome: 'failed', errno: ENOSPC })
    const { d, blind, visit, names } = given({ maxWatches: 0, polls: true })
    blind.set('/r/d', 'nfs')
    const found = visit(d)
    expect(found).toMatchObject({ outcome: 'listed', reason: 'unwatched', blind: 'nfs', wd: 0 })
    expect([names(found), found.owner, d.wd]).toEqual([['f file'], undefined, 0])
  })

  it('of a directory that is watched for a file only, looks at that alone, and each time', () => {
    const { fs, top, calls, visit, names } = given({ only: 'f' })
    fs.writeFile('/r/other')
    expect(names(visit(top))).toEqual([])
    fs.writeFile('/r/f')
    const found = visit(top)
    expect([found.outcome, names(found), found.entries[0]!.ino]).toEqual([
      'listed',
      ['f file'],
      fs.lstat('/r/f').ino,
    ])
    expect(calls).toEqual(['watch /r', 'watch /r'])
  })

  it('lists it where single names may be remembered as they are not', () => {
    const { fs, top, blind, calls, visit, names } = given({ only: 'f' })
    blind.set('/r/.', 'overlay')
    fs.writeFile('/r/f')
    expect([names(visit(top)), calls]).toEqual([['f file'], ['watch /r', 'list /r/.']])
  })
})
