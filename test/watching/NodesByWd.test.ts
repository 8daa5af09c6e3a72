import { describe, expect, it } from '@jest/globals'
import { NodesByWd } from '../../src/watching/NodesByWd.js'
import { WatchNode } from '../../src/watching/WatchNode.js'

const node = (name: string): WatchNode => new WatchNode(undefined, name, undefined)

describe('NodesByWd', () => {
  it('is a map from watch descriptors', () => {
    const nodes = new NodesByWd()
    const model = new Map<number, WatchNode>()
    // Neighbours, and others far away, in several orders; some set twice, some deleted twice.
    for (let i = 1; i < 5000; i++) {
      const wd = i % 3 === 0 ? i : (i * 7919) % 100_000
      if (i % 5 === 0) {
        nodes.delete(wd)
        model.delete(wd)
      } else {
        const one = node(String(i))
        nodes.set(wd, one)
        model.set(wd, one)
      }
    }
    expect(nodes.size).toBe(model.size)
    const wrong = Array.from({ length: 100_000 }, (_, wd) => wd).filter(
      (wd) => nodes.get(wd) !== model.get(wd),
    )
    expect(wrong).toEqual([])
    expect(new Set(nodes.all())).toEqual(new Set(model.values()))
  })

  it('knows nothing of a page whose directories are gone, and takes it up again', () => {
    const nodes = new NodesByWd()
    nodes.set(70, node('a'))
    nodes.delete(70)
    expect([nodes.get(70), nodes.get(71), nodes.size]).toEqual([undefined, undefined, 0])
    const b = node('b')
    nodes.set(71, b)
    expect([nodes.get(70), nodes.get(71), nodes.all()]).toEqual([undefined, b, [b]])
  })

  it('has room for the largest descriptor', () => {
    const nodes = new NodesByWd()
    const last = node('last')
    nodes.set(2 ** 31 - 1, last)
    expect(nodes.get(2 ** 31 - 1)).toBe(last)
  })
})
