import { describe, expect, it } from '@jest/globals'
import { IN } from '../../src/linux/inotifyMasks.js'
import { SelfRecords } from '../../src/watching/SelfRecords.js'
import type { WatchNode } from '../../src/watching/WatchNode.js'
import { WatchTable } from '../../src/watching/WatchTable.js'

const READ_AT = 5

/** A root `/r` with a directory `d` in it, both watched. `log` is what was done, in order. */
function given(only?: ReadonlySet<string>) {
  const table = new WatchTable()
  const top = table.addRoot({
    path: '/r',
    only: only === undefined ? undefined : new Set(only),
    recursive: true,
    mayBeMissing: false,
  })
  table.setWatch(top, 1)
  const d = table.attach(top, 'd')
  table.setWatch(d, 2)
  for (const node of [top, d]) node.self = { dev: 1, ino: node.wd, bornAt: 0 }
  const log: string[] = []
  const state = { isDisplaced: false, isUnmounted: false, isOwn: false }
  const of = (node: WatchNode) => table.pathOf(node)
  const hex = (mask: number) => mask.toString(16)
  const selves = new SelfRecords(
    {
      crawler: { request: (node) => log.push(`request ${of(node)}`) },
      entries: {
        touch: (node, name, mask, readAt) => log.push(`touch ${of(node)}${name} ${hex(mask)} ${readAt}`),
        empty: (node) => log.push(`empty ${of(node)}`),
        renew: (node) => log.push(`renew ${of(node)}`),
        tell: (mask, node, name) => log.push(`tell ${hex(mask)} ${of(node)}${name}`),
      },
      roots: {
        moved: (node, readAt) => log.push(`moved ${of(node)} ${readAt}`),
        lose: (node) => log.push(`lose ${of(node)}`),
      },
    },
    {
      ended: (node) => {
        log.push(`ended ${of(node)}`)
        if (state.isDisplaced) node.alive = false
        return state.isDisplaced
      },
    },
    {
      isMounted: (node) => log.push(`mounted ${of(node)}`),
      wasUnmounted: () => state.isUnmounted,
    },
    () => state.isOwn,
  )
  return { table, top, d, log, state, selves }
}

describe('SelfRecords', () => {
  it('tells what happens to a root, and leaves what is in a tree to the watch above it', () => {
    const { top, d, log, selves } = given()
    for (const mask of [IN.ATTRIB, IN.DELETE_SELF]) {
      selves.apply(top, mask, READ_AT)
      selves.apply(d, mask, READ_AT)
    }
    expect(log).toEqual(['touch /r 40000004 5', 'touch /r 40000400 5'])
  })

  it('tells nothing of the directory in which a root is a file, but that it has moved', () => {
    const { top, log, selves } = given(new Set(['f']))
    selves.apply(top, IN.ATTRIB, READ_AT)
    selves.apply(top, IN.DELETE_SELF, READ_AT)
    expect(log).toEqual([])
    selves.apply(top, IN.MOVE_SELF, READ_AT)
    expect(log).toEqual(['ended /r', 'moved /r 5'])
  })

  it('a rename of a directory ends its place; of a root, that is told', () => {
    const { top, d, log, selves } = given()
    selves.apply(d, IN.MOVE_SELF, READ_AT)
    selves.apply(top, IN.MOVE_SELF, READ_AT)
    expect(log).toEqual(['ended /r/d', 'ended /r', 'moved /r 5'])
  })

  it('tells nothing of a directory that had lost its place before', () => {
    const { d, log, state, selves } = given()
    state.isDisplaced = true
    d.isLink = true
    selves.apply(d, IN.MOVE_SELF, READ_AT)
    expect(log).toEqual(['ended /r/d'])
  })

  it('does not tell what fsflow does itself', () => {
    const { top, log, state, selves } = given()
    state.isOwn = true
    selves.apply(top, IN.OPEN, READ_AT)
    expect(log).toEqual([])
  })

  it('what a link leads to is told anew when it moves, and looked for when it is deleted', () => {
    const { d, log, selves } = given()
    d.isLink = true
    selves.apply(d, IN.MOVE_SELF, READ_AT)
    selves.apply(d, IN.DELETE_SELF, READ_AT)
    selves.apply(d, IN.ATTRIB, READ_AT)
    expect(log).toEqual(['ended /r/d', 'renew /r/d', 'request /r/d'])
  })

  it('rights that change have what is not watched yet visited', () => {
    const { table, top, log, selves } = given()
    table.attach(top, 'locked')
    selves.apply(top, IN.ATTRIB, READ_AT)
    expect(log).toEqual(['request /r/locked', 'touch /r 40000004 5'])
    log.length = 0
    table.clearWatch(top)
    selves.requestUnwatched(top)
    expect(log).toEqual(['request /r', 'request /r/locked'])
  })

  it('an unmount is told of the topmost directory; all that was in it is gone, what was below is visited', () => {
    const { table, d, log, selves } = given()
    const below = table.attach(d, 'below')
    table.setWatch(below, 3)
    d.self = below.self = { dev: 2, ino: 1, bornAt: 0 }
    d.blind = below.blind = 'nfs'
    selves.apply(below, IN.UNMOUNT, READ_AT)
    selves.apply(d, IN.UNMOUNT, READ_AT)
    expect(log).toEqual([
      'mounted /r/d/below',
      'empty /r/d/below',
      'request /r/d/below',
      'mounted /r/d',
      'touch /r/d 40002000 5',
      'empty /r/d',
      'request /r/d',
    ])
    expect([d.blind, below.blind]).toEqual([undefined, undefined])
  })

  it('an unmounted root is not visited at once: the end of its watch follows', () => {
    const { top, log, selves } = given()
    selves.apply(top, IN.UNMOUNT, READ_AT)
    expect(log).toEqual(['mounted /r', 'touch /r 40002000 5', 'empty /r'])
  })

  describe('when a path leads elsewhere, and no record has said so', () => {
    it('the content is told anew', () => {
      const { top, d, log, selves } = given()
      selves.replaced(d)
      selves.replaced(top)
      expect(log).toEqual(['ended /r/d', 'renew /r/d', 'ended /r', 'renew /r'])
    })

    it('that is the end of a directory that had lost its place', () => {
      const { d, log, state, selves } = given()
      state.isDisplaced = true
      selves.replaced(d)
      expect(log).toEqual(['ended /r/d'])
    })

    it('an unmount is told; a root is lost by it', () => {
      const { top, d, log, state, selves } = given()
      state.isUnmounted = true
      selves.replaced(d)
      selves.replaced(top)
      expect(log).toEqual([
        'ended /r/d',
        'tell 40002000 /r/d',
        'renew /r/d',
        'ended /r',
        'tell 40002000 /r',
        'empty /r',
        'lose /r',
      ])
    })
  })
})
