import { describe, expect, it } from '@jest/globals'
import { ToldEntries } from '../../src/watching/ToldEntries.js'
import { WatchNode } from '../../src/watching/WatchNode.js'

describe('WatchNode', () => {
  it('gives back which directory it was, whatever the numbers are', () => {
    const node = new WatchNode(undefined, 'd', undefined)
    expect(node.self).toBeUndefined()
    for (const self of [
      { dev: 26, ino: 7, bornAt: 1_764_000_000_123_456 },
      { dev: 2 ** 44 + 1, ino: 2 ** 52 + 1, bornAt: 0 },
      { dev: 0, ino: 2 ** 31, bornAt: 2 ** 52 },
      { dev: 0, ino: 0, bornAt: -1 },
    ]) {
      node.self = self
      expect(node.self).toEqual(self)
    }
    node.self = undefined
    expect(node.self).toBeUndefined()
  })

  it('has its entries, whether it was told of last or not, and shares what has none when all are gone', () => {
    const [a, b] = [new WatchNode(undefined, 'a', undefined), new WatchNode(undefined, 'b', undefined)]
    a.entries = b.entries = ToldEntries.none
    const names = (node: WatchNode) => [...node.entries!.keys()]
    a.tell('f', false, 3)
    expect([names(a), names(b)]).toEqual([['f'], []])
    b.tell('g', true)
    a.tell('h', false)
    expect([names(a), names(b)]).toEqual([['f', 'h'], ['g']])
    const shadow = b.shadow()
    expect(shadow.entries).toBe(b.entries)
    b.forget('none')
    b.forget('g')
    a.forget('f')
    expect([names(a), b.entries]).toEqual([['h'], ToldEntries.none])
    a.forget('h')
    expect(a.entries).toBe(ToldEntries.none)
    a.tell('i', false)
    WatchNode.keepLatest()
    expect(names(a)).toEqual(['i'])
    a.entries = undefined
    a.tell('j', false)
    a.forget('j')
    expect(a.entries).toBeUndefined()
    b.tell('k', false)
    b.entries = ToldEntries.none
    a.entries = ToldEntries.none
    a.tell('l', false)
    expect([names(a), names(b)]).toEqual([['l'], []])
  })

  it('keeps what few directories have apart from others', () => {
    const [a, b] = [new WatchNode(undefined, 'a', undefined), new WatchNode(undefined, 'b', undefined)]
    a.isLink = true
    a.blind = 'nfs'
    a.former = b
    expect([a.isLink, a.blind, a.former]).toEqual([true, 'nfs', b])
    expect([b.isLink, b.blind, b.former]).toEqual([false, undefined, undefined])
    a.former = undefined
    expect([a.isLink, a.blind, a.former]).toEqual([true, 'nfs', undefined])
  })

  it('remembers entries only where they are remembered, and its own', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new WatchNode(undefined, name, undefined)) as [
      WatchNode,
      WatchNode,
      WatchNode,
    ]
    a.entries = b.entries = ToldEntries.none
    for (const node of [a, c]) node.tell('f', false, 3)
    expect([a.entries.isDirectory('f'), b.entries.size, c.entries]).toEqual([false, 0, undefined])
    expect(() => ToldEntries.none.tell('f', false)).toThrow('shared')
  })
})
