import { describe, expect, it } from '@jest/globals'
import { FileEvent, type EventType, type FileEventFields } from '../../src/events/index.js'
import { rawFromText } from '../../src/linux/rawPath.js'
import { ToldTree } from '../../src/watching/ToldTree.js'

let seq = 0
function event(eventType: EventType, filePath: string, fields: Partial<FileEventFields> = {}): FileEvent {
  return new FileEvent({ timestampMicros: 1, seq: ++seq, eventType, filePath, source: 'test', ...fields })
}

const directory = { isDirectory: true } as const

/** The entries, directories with a slash at the end. */
function shown(tree: ToldTree): string[] {
  return [...tree.entries()].map(([path, isDirectory]) => path + (isDirectory ? '/' : '')).sort()
}

function treeOf(...paths: string[]): ToldTree {
  const tree = new ToldTree()
  for (const path of paths) tree.set(path.replace(/\/$/, ''), path.endsWith('/'))
  return tree
}

function after(tree: ToldTree, ...events: FileEvent[]): string[] {
  for (const each of events) tree.apply(each)
  return shown(tree)
}

describe('ToldTree', () => {
  it('holds a listing, and nothing for the directories above it', () => {
    const tree = treeOf('/r/a/', '/r/a/f', '/r/b')
    expect(shown(tree)).toEqual(['/r/a/', '/r/a/f', '/r/b'])
    expect([tree.get('/r'), tree.get('/r/a'), tree.get('/r/b'), tree.get('/r/c')]).toEqual([
      undefined,
      true,
      false,
      undefined,
    ])
    tree.set('/r/a', undefined)
    expect(shown(tree)).toEqual(['/r/b'])
    expect([...tree.entries('/r/b'), ...tree.entries('/nowhere')]).toEqual([['/r/b', false]])
  })

  it('CREATE adds; a file ends what was below it, a directory leaves it alone', () => {
    expect(after(treeOf('/r/a/', '/r/a/f'), event('CREATE', '/r/a', directory))).toEqual(['/r/a/', '/r/a/f'])
    expect(after(treeOf('/r/a/', '/r/a/f'), event('CREATE', '/r/a'))).toEqual(['/r/a'])
    expect(after(treeOf('/r/a'), event('CREATE', '/r/a', directory))).toEqual(['/r/a/'])
  })

  it.each(['DELETE', 'DELETE_SELF', 'MOVE_SELF'] as const)('%s takes out the path with all below', (type) => {
    expect(after(treeOf('/r/a/', '/r/a/b/', '/r/a/b/f', '/r/ab'), event(type, '/r/a', directory))).toEqual([
      '/r/ab',
    ])
    expect(after(treeOf('/r/a'), event(type, '/r/unknown/path'))).toEqual(['/r/a'])
  })

  it('the end of the root directory / takes out everything', () => {
    expect(after(treeOf('/a/', '/a/f'), event('DELETE_SELF', '/', directory))).toEqual([])
  })

  it('RENAME takes along what is below, and ends what was at its target', () => {
    const tree = treeOf('/r/a/', '/r/a/b/', '/r/a/b/f', '/r/x')
    expect(after(tree, event('RENAME', '/r/c', { oldPath: '/r/a', ...directory }))).toEqual([
      '/r/c/',
      '/r/c/b/',
      '/r/c/b/f',
      '/r/x',
    ])
    expect(after(tree, event('RENAME', '/r/c/b/f', { oldPath: '/r/x' }))).toEqual([
      '/r/c/',
      '/r/c/b/',
      '/r/c/b/f',
    ])
  })

  it('RENAME of what is not known adds it, and leaves alone what a listing had found at its target', () => {
    const tree = treeOf('/r/c/', '/r/c/f', '/r/c/d/', '/r/c/d/g')
    tree.apply(event('RENAME', '/r/c', { oldPath: '/r/a', ...directory }))
    expect(shown(tree)).toEqual(['/r/c/', '/r/c/d/', '/r/c/d/g', '/r/c/f'])
    for (const path of ['/r/a', '/r/a/d', '/r/a/d/h', '/r/a/f']) tree.set(path, path !== '/r/a/d/h')
    tree.apply(event('RENAME', '/r/c', { oldPath: '/r/a', ...directory }))
    expect(shown(tree)).toEqual(['/r/c/', '/r/c/d/', '/r/c/d/g', '/r/c/d/h', '/r/c/f/'])
  })

  it('the halves of a rename do the same in two steps', () => {
    const tree = treeOf('/r/a/', '/r/a/f', '/r/x')
    expect(after(tree, event('MOVED_FROM', '/r/a', { cookie: 7, ...directory }))).toEqual(['/r/x'])
    expect(
      after(tree, event('MOVED_FROM', '/r/x', { cookie: 8 }), event('MOVED_TO', '/r/y', { cookie: 8 })),
    ).toEqual(['/r/y'])
    expect(after(tree, event('MOVED_TO', '/r/b', { cookie: 7, ...directory }))).toEqual([
      '/r/b/',
      '/r/b/f',
      '/r/y',
    ])
  })

  it('halves that stay alone are an end and an arrival; what moved out does not come back with another', () => {
    const tree = treeOf('/r/a/', '/r/a/f')
    expect(after(tree, event('MOVED_FROM', '/r/a', { cookie: 1, ...directory }))).toEqual([])
    expect(after(tree, event('MOVED_TO', '/r/b', { cookie: 2, ...directory }))).toEqual(['/r/b/'])
  })

  it('keeps the halves that came last, not all of them', () => {
    const tree = new ToldTree()
    for (let cookie = 1; cookie <= 1500; cookie++) {
      tree.set('/r/d', true)
      tree.set(`/r/d/${cookie}`, false)
      tree.apply(event('MOVED_FROM', '/r/d', { cookie, ...directory }))
    }
    tree.apply(event('MOVED_TO', '/r/old', { cookie: 1, ...directory }))
    tree.apply(event('MOVED_TO', '/r/new', { cookie: 1500, ...directory }))
    expect(shown(tree)).toEqual(['/r/new/', '/r/new/1500', '/r/old/'])
  })

  it.each(['MODIFY', 'CLOSE_WRITE', 'ATTRIB', 'OVERFLOW', 'RECOVERED', 'UNMOUNT', 'WARNING'] as const)(
    '%s changes nothing',
    (type) => {
      expect(after(treeOf('/r/a'), event(type, '/r/a'), event(type, '/r/b'))).toEqual(['/r/a'])
    },
  )

  it('compares paths as bytes: names that are not UTF-8 lie below names that are', () => {
    const tree = new ToldTree()
    const bytes = (raw: string) => new Uint8Array(Buffer.from(raw, 'latin1'))
    const parent = rawFromText('/r/öß')
    tree.apply(event('CREATE', '/r/öß', directory))
    for (const name of ['\xff', '\xfe']) {
      const filePathBytes = bytes(`${parent}/${name}`)
      tree.apply(event('CREATE', '/r/öß/\ufffd', { filePathBytes, isDirectory: name === '\xfe' }))
    }
    expect(shown(tree)).toEqual([`${parent}/`, `${parent}/\xfe/`, `${parent}/\xff`])
    tree.apply(event('RENAME', '/r/x', { oldPath: '/r/öß', ...directory }))
    expect(shown(tree)).toEqual(['/r/x/', '/r/x/\xfe/', '/r/x/\xff'])
    const oldPathBytes = bytes('/r/x/\xff')
    tree.apply(event('RENAME', '/r/x/f', { oldPath: '/r/x/\ufffd', oldPathBytes }))
    tree.apply(event('DELETE', '/r/x/\ufffd', { filePathBytes: bytes('/r/x/\xfe') }))
    expect(shown(tree)).toEqual(['/r/x/', '/r/x/f'])
  })

  it('names what differs from a listing of one directory, with all below what is gone', () => {
    const tree = treeOf('/r/same', '/r/gone/', '/r/gone/f', '/r/kind', '/r/d/')
    const listing = [
      { name: 'same', isDirectory: false },
      { name: 'kind', isDirectory: true },
      { name: 'new', isDirectory: false },
      { name: 'd', isDirectory: true },
    ]
    expect([...tree.differencesIn('/r', listing)]).toEqual([
      { problem: 'kind', path: '/r/kind' },
      { problem: 'missing', path: '/r/new' },
      { problem: 'extra', path: '/r/gone' },
      { problem: 'extra', path: '/r/gone/f' },
    ])
    expect([...tree.differencesIn('/r/unknown', [{ name: 'x', isDirectory: false }])]).toEqual([
      { problem: 'missing', path: '/r/unknown/x' },
    ])
    expect([...treeOf('/a').differencesIn('/', [{ name: 'b', isDirectory: true }])]).toEqual([
      { problem: 'missing', path: '/b' },
      { problem: 'extra', path: '/a' },
    ])
  })
})
