import { describe, expect, it } from '@jest/globals'
import { inodeOfCode, isDirectoryCode, ToldEntries } from '../../src/watching/ToldEntries.js'

describe('ToldEntries', () => {
  it.each([0, 1, 2, 0xffff_ffff, 2 ** 32, 2 ** 52 - 1])('keeps kind and inode number %d in one', (ino) => {
    const entries = new ToldEntries()
    entries.tell('f', false, ino)
    entries.tell('d', true, ino)
    expect([entries.isDirectory('f'), entries.isDirectory('d')]).toEqual([false, true])
    expect(['f', 'd'].map((name) => inodeOfCode(entries.get(name)!))).toEqual([ino, ino])
    expect(['f', 'd'].map((name) => isDirectoryCode(entries.get(name)!))).toEqual([false, true])
  })

  it('has no number where none was told, and goes by what was told last', () => {
    const entries = new ToldEntries()
    entries.tell('x', true, 7)
    entries.tell('x', false)
    expect([entries.isDirectory('x'), inodeOfCode(entries.get('x')!)]).toEqual([false, 0])
    expect(entries.isDirectory('y')).toBeUndefined()
    expect(entries.size).toBe(1)
  })
})
