import { describe, expect, it } from '@jest/globals'
import { Polling } from '../../src/watching/Polling.js'
import { ToldEntries } from '../../src/watching/ToldEntries.js'
import { WatchNode } from '../../src/watching/WatchNode.js'

/** A directory of which so many entries were told. */
function directory(name: string, entries?: number): WatchNode {
  const node = new WatchNode(undefined, name, undefined)
  if (entries === undefined) return node
  node.entries = new ToldEntries()
  for (let i = 0; i < entries; i++) node.entries.tell(String(i), false)
  return node
}

const names = (taken: ReturnType<Polling['next']>) => taken.map(([node]) => node.name)

describe('Polling', () => {
  it('counts its directories, and those beyond the watch limit', () => {
    const polling = new Polling()
    const [a, b] = [directory('a'), directory('b')]
    expect(polling.set(a, 'unwatched')).toBeUndefined()
    expect(polling.set(b, 'blind')).toBeUndefined()
    expect([polling.size, polling.unwatched]).toEqual([2, 1])
    expect(polling.set(a, 'unwatched')).toBe('unwatched')
    expect([polling.size, polling.unwatched]).toEqual([2, 1])
    expect(polling.set(a, 'failing')).toBe('unwatched')
    expect([polling.size, polling.unwatched]).toEqual([2, 0])
    expect(polling.set(b, 'unwatched')).toBe('blind')
    expect(polling.set(b, undefined)).toBe('unwatched')
    expect([polling.size, polling.unwatched]).toEqual([1, 0])
  })

  it('gives them in turn with the reason, each once in a cycle, as many as hold so many entries', () => {
    const polling = new Polling()
    polling.set(directory('a', 3), 'blind')
    polling.set(directory('b', 3), 'path')
    polling.set(directory('c'), 'failing')
    expect(polling.isCycleOver).toBe(true)
    for (let cycle = 0; cycle < 2; cycle++) {
      expect(names(polling.next(5))).toEqual(['a', 'b'])
      expect(polling.isCycleOver).toBe(false)
      expect(polling.next(5).map(([{ name }, reason]) => [name, reason])).toEqual([['c', 'failing']])
      expect(polling.isCycleOver).toBe(true)
    }
  })

  it('gives a directory that holds more than that all the same', () => {
    const polling = new Polling()
    polling.set(directory('large', 100), 'unwatched')
    polling.set(directory('small'), 'unwatched')
    expect(names(polling.next(1))).toEqual(['large'])
    expect(names(polling.next(1))).toEqual(['small'])
  })

  it('has nothing to give when there is nothing, and is between two cycles then', () => {
    const polling = new Polling()
    expect(polling.next(10)).toEqual([])
    expect(polling.isCycleOver).toBe(true)
  })

  it('forgets directories that are not in the table any more, and counts them no more', () => {
    const polling = new Polling()
    const [a, b] = [directory('a'), directory('b')]
    polling.set(a, 'unwatched')
    polling.set(b, 'unwatched')
    a.alive = false
    expect(names(polling.next(1))).toEqual(['b'])
    expect([polling.size, polling.unwatched]).toEqual([1, 1])
  })

  it('gives what is taken out in the middle of a cycle no more, and what is new still', () => {
    const polling = new Polling()
    const [a, b, c] = [directory('a'), directory('b'), directory('c')]
    polling.set(a, 'path')
    polling.set(b, 'path')
    expect(names(polling.next(1))).toEqual(['a'])
    polling.set(b, undefined)
    polling.set(c, 'path')
    expect(names(polling.next(10))).toEqual(['c'])
    expect(names(polling.next(10))).toEqual(['a', 'c'])
  })
})
