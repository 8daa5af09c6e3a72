import { describe, expect, it } from '@jest/globals'
import { goneEntry, RepairFindings, type Gone } from '../../src/watching/RepairFindings.js'
import { ToldEntries } from '../../src/watching/ToldEntries.js'
import type { WatchNode } from '../../src/watching/WatchNode.js'
import { WatchTable } from '../../src/watching/WatchTable.js'

const DEVICE = 1
const LISTED_AT = 10_000_000
const BEFORE = 5_000_000

/** A table with a root that is crawled anew; `told` is what had been told of a directory, `lost` its end. */
function given() {
  const table = new WatchTable()
  const top = table.addRoot({ path: '/r', only: undefined, recursive: true, mayBeMissing: false })
  const findings = new RepairFindings(table)
  const told = (node: WatchNode, entries: Readonly<Record<string, number>>): WatchNode => {
    node.entries = new ToldEntries()
    for (const [name, ino] of Object.entries(entries)) {
      node.entries.tell(name.replace('/', ''), name.endsWith('/'), ino)
    }
    node.self ??= { dev: DEVICE, ino: 1000, bornAt: BEFORE }
    node.moment = { at: LISTED_AT }
    return node
  }
  const lost = (former: WatchNode, name: string, node: WatchNode = former): Gone => {
    const gone = goneEntry(former, node, node, name, former.entries!.get(name)!)
    findings.addGone(gone)
    return gone
  }
  const inode = (ino: number, fields: { dev?: number; bornAt?: number } = {}) => ({
    dev: DEVICE,
    ino,
    bornAt: BEFORE,
    ...fields,
  })
  return { table, top, findings, told, lost, inode }
}

describe('goneEntry', () => {
  it('has the number that the listing told, or else that of the directory when it was visited', () => {
    const { table, top, told } = given()
    told(top, { 'd/': 0, f: 7 })
    told(table.attach(top, 'd'), {}).self = { dev: DEVICE, ino: 8, bornAt: BEFORE }
    const of = (name: string) => goneEntry(top, top, top, name, top.entries!.get(name)!)
    expect(of('f')).toMatchObject({ name: 'f', isDirectory: false, ino: 7 })
    expect(of('d')).toMatchObject({ name: 'd', isDirectory: true, ino: 8 })
  })
})

describe('RepairFindings', () => {
  it('finds a file again by number and birth, once', () => {
    const { top, findings, told, lost, inode } = given()
    told(top, { f: 7, g: 8 })
    const gone = lost(top, 'f')
    lost(top, 'g')
    expect([findings.isAwaited(7), findings.isAwaited(9), findings.isAwaited(0)]).toEqual([true, false, true])
    expect(findings.takeRenamed(inode(7), false)).toBe(gone)
    expect(findings.takeRenamed(inode(7), false)).toBeUndefined()
    expect([findings.isAwaited(7), [...top.entries!.keys()]]).toEqual([false, ['g']])
    expect(findings.takeGone().map(({ name }) => name)).toEqual(['g'])
  })

  it('takes nothing for the same that is not proven to be', () => {
    const { top, findings, told, lost, inode } = given()
    told(top, { f: 7 })
    const gone = lost(top, 'f')
    expect(findings.takeRenamed(inode(7, { bornAt: 0 }), false)).toBeUndefined()
    expect(findings.takeRenamed(inode(7, { dev: 2 }), false)).toBeUndefined()
    expect(findings.takeRenamed(inode(7), true)).toBeUndefined()
    // So near to the listing it may be another file with the same number: the clocks differ by some milliseconds.
    expect(findings.takeRenamed(inode(7, { bornAt: LISTED_AT - 10_000 }), false)).toBeUndefined()
    expect(findings.takeRenamed(inode(7, { bornAt: LISTED_AT - 20_000 }), false)).toBe(gone)
  })

  it.each(['dev', 'ino', 'bornAt'] as const)(
    'takes a directory for the same only with the same %s',
    (field) => {
      const { table, top, findings, told, lost, inode } = given()
      told(top, { 'd/': 7 })
      told(table.attach(top, 'd'), {}).self = { ...inode(7), [field]: 99 }
      lost(top, 'd')
      expect(findings.takeRenamed(inode(7), true)).toBeUndefined()
    },
  )

  it('tells two names of one file apart from none, and gives them one after the other', () => {
    const { top, findings, told, lost, inode } = given()
    told(top, { f: 7, g: 7 })
    const both = [lost(top, 'f'), lost(top, 'g')]
    expect([findings.takeRenamed(inode(7), false), findings.isAwaited(7)]).toEqual([both[0], true])
    expect([findings.takeRenamed(inode(7), false), findings.isAwaited(7)]).toEqual([both[1], false])
  })

  it('finds what had been below a directory that is gone, when it has looked there', () => {
    const { table, top, findings, told, lost, inode } = given()
    told(top, { 'd/': 7 })
    const d = told(table.attach(top, 'd'), { 'e/': 8 })
    const e = told(table.attach(d, 'e'), { f: 9 })
    lost(top, 'd')
    expect(findings.isAwaited(9)).toBe(false)
    expect([findings.lookBelow(), findings.lookBelow()]).toEqual([true, false])
    expect([8, 9, 10].map((ino) => findings.isAwaited(ino))).toEqual([true, true, false])
    const found = findings.takeRenamed(inode(9), false)
    expect(table.entryPath(found!.node, found!.name)).toBe('/r/d/e/f')
    expect([findings.isAwaited(9), findings.isAwaited(8), e.entries!.size]).toEqual([false, true, 0])
    // What is gone since may hold other files.
    told(top, { 'x/': 11 })
    lost(top, 'x')
    expect([findings.isAwaited(8), findings.lookBelow()]).toEqual([false, true])
  })

  it('looks below anew when a directory has been found again: what was told there has another place, or none', () => {
    const { table, top, findings, told, lost, inode } = given()
    told(top, { 'd/': 7 })
    const d = told(table.attach(top, 'd'), { f: 9 })
    d.self = inode(7)
    lost(top, 'd')
    findings.lookBelow()
    expect(findings.takeRenamed(inode(7), true)).toMatchObject({ name: 'd' })
    expect(findings.isAwaited(9)).toBe(false)
    expect(findings.lookBelow()).toBe(false)
  })

  it('gives what was below a directory that is gone a path below its old one', () => {
    const { table, top, findings, told, inode } = given()
    told(top, { 'd/': 7 })
    const d = told(table.attach(top, 'd'), { f: 9 })
    const former = top.shadow()
    former.children = new Map([['d', d]])
    // The directory is crawled anew: what had been told of it has lost its place.
    d.parent = undefined
    d.name = ''
    findings.addGone(goneEntry(former, top, top, 'd', former.entries!.get('d')!))
    findings.lookBelow()
    const found = findings.takeRenamed(inode(9), false)!
    expect(table.entryPath(found.node, found.name)).toBe('/r/d/f')
  })

  it('has nothing below files, and says so', () => {
    const { top, findings, told, lost } = given()
    told(top, { f: 7 })
    lost(top, 'f')
    expect([findings.lookBelow(), findings.isAwaited(7)]).toEqual([false, true])
  })

  it('gives what is held of one directory, and then holds it no more', () => {
    const { table, top, findings, told, lost, inode } = given()
    told(top, { f: 7 })
    const d = told(table.attach(top, 'd'), { f: 8 })
    lost(top, 'f')
    lost(d, 'f')
    findings.addFresh({ node: d, name: 'new', type: 'file', ino: 9 })
    findings.addFresh({ node: top, name: 'new', type: 'file', ino: 10 })
    const { gone, fresh } = findings.takeOf(d)
    expect([gone.map(({ ino }) => ino), fresh.map(({ ino }) => ino)]).toEqual([[8], [9]])
    expect(findings.takeOf(d)).toEqual({ gone: [], fresh: [] })
    expect(findings.takeRenamed(inode(8), false)).toBeUndefined()
    expect(findings.takeFresh().map(({ ino }) => ino)).toEqual([10])
    expect(findings.takeGone().map(({ ino }) => ino)).toEqual([7])
    expect([findings.takeFresh(), findings.takeGone(), findings.isAwaited(7)]).toEqual([[], [], false])
  })

  it('holds a name of a directory once, as it was found last', () => {
    const { top, findings } = given()
    findings.addFresh({ node: top, name: 'x', type: 'file', ino: 1 })
    findings.addFresh({ node: top, name: 'x', type: 'directory', ino: 2 })
    expect(findings.takeFresh()).toMatchObject([{ type: 'directory', ino: 2 }])
  })

  it('gives nothing of directories that have left the table', () => {
    const { table, top, findings, told, lost, inode } = given()
    told(top, { 'd/': 1 })
    const d = told(table.attach(top, 'd'), { f: 8 })
    lost(d, 'f')
    findings.addFresh({ node: d, name: 'new', type: 'file', ino: 9 })
    table.remove(d)
    expect(findings.takeRenamed(inode(8), false)).toBeUndefined()
    expect([findings.takeGone(), findings.takeFresh()]).toEqual([[], []])
  })
})
