import { describe, expect, it } from '@jest/globals'
import { IN } from '../../src/linux/inotifyMasks.js'
import { FENCE_WD, type InotifyRecord } from '../../src/watching/port.js'
import { RecordQueue } from '../../src/watching/RecordQueue.js'
import { Strays } from '../../src/watching/Strays.js'
import { ToldEntries } from '../../src/watching/ToldEntries.js'
import { WatchTable } from '../../src/watching/WatchTable.js'

const WD = 1
const record = (mask: number, name: string, wd = WD): InotifyRecord => ({ wd, mask, cookie: 0, name })
const modify = (name: string) => record(IN.MODIFY, name)

/** A root `/r` with a directory `d`; `entries` is what was told of the root, `none` where that is not kept. */
function given(entries: readonly string[] | 'none' = []) {
  const table = new WatchTable()
  const top = table.addRoot({ path: '/r', only: undefined, recursive: true, mayBeMissing: false })
  table.setWatch(top, WD)
  const d = table.attach(top, 'd')
  for (const node of [top, d]) if (entries !== 'none') node.entries = new ToldEntries()
  if (entries !== 'none') for (const name of entries) top.entries!.tell(name, false)
  const queue = new RecordQueue()
  const state = { isPast: false }
  const strays = new Strays(queue, () => state.isPast)
  /** Takes records, and looks at the first of them. */
  const place = (...records: InotifyRecord[]) => {
    queue.push(records, 1)
    return strays.place(top, records[0]!)
  }
  const rest = (): string[] => {
    const names: string[] = []
    queue.advance()
    while (!queue.isEmpty) {
      const { mask, name } = queue.at(queue.head)!
      names.push(`${mask.toString(16)} ${name}`)
      queue.advance()
    }
    return names
  }
  return { table, top, d, queue, state, strays, place, rest }
}

describe('Strays', () => {
  it('knows what is at home by what was told', () => {
    const { top, strays } = given(['f'])
    expect([strays.isStray(top, 'f'), strays.isStray(top, 'g')]).toEqual([false, true])
    // There, what is there need not have been told.
    top.blind = 'nfs'
    expect(strays.isStray(top, 'g')).toBe(false)
  })

  it('finds what has been renamed, once and again, where it is now', () => {
    const { top, d, strays, place } = given(['other'])
    strays.left(top, record(IN.MOVED_FROM, 'f'), top, 'g')
    strays.left(top, record(IN.MOVED_FROM, 'g'), d, 'h')
    d.entries!.tell('h', false)
    expect(place(modify('f'))).toEqual({ node: d, name: 'h' })
  })

  it('takes the latest of several that had the name', () => {
    const { top, d, strays, place } = given(['g'])
    strays.left(top, record(IN.MOVED_FROM, 'f'), top, 'g')
    strays.left(top, record(IN.MOVED_FROM, 'f'), d, 'h')
    d.entries!.tell('h', false)
    expect(place(modify('f'))).toEqual({ node: d, name: 'h' })
  })

  it('knows what is gone: deleted, moved out, in a directory that is gone, or renamed and then deleted', () => {
    const { table, top, d, strays, place } = given()
    strays.left(top, record(IN.DELETE, 'deleted'))
    strays.left(top, record(IN.MOVED_FROM, 'out'), undefined)
    strays.left(top, record(IN.MOVED_FROM, 'renamed'), top, 'deleted')
    strays.left(top, record(IN.MOVED_FROM, 'in'), d, 'x')
    strays.left(top, record(IN.MOVED_FROM, 'left'), d, 'y')
    expect(place(modify('left'))).toBe('gone')
    d.entries!.tell('x', false)
    table.remove(d)
    for (const name of ['deleted', 'out', 'renamed', 'in']) expect(place(modify(name))).toBe('gone')
  })

  it('forgets after as many others as can come between, and after an overflow', () => {
    const { top, strays, place, state } = given()
    state.isPast = true
    strays.left(top, record(IN.DELETE, 'f'))
    for (let i = 1; i < 64; i++) strays.left(top, record(IN.DELETE, `${i}`))
    expect(place(modify('f'))).toBe('gone')
    strays.left(top, record(IN.DELETE, '64'))
    expect(place(modify('f'))).toEqual({ node: top, name: 'f' })
    expect(place(modify('64'))).toBe('gone')
    strays.reset()
    expect(place(modify('64'))).toEqual({ node: top, name: '64' })
  })

  it('does not take a file for the directory that had the name', () => {
    const { top, strays, place, state } = given(['g'])
    state.isPast = true
    strays.left(top, record(IN.MOVED_FROM | IN.ISDIR, 'f'), top, 'g')
    expect(place(modify('f'))).toEqual({ node: top, name: 'f' })
    expect(place(record(IN.ATTRIB | IN.ISDIR, 'f'))).toEqual({ node: top, name: 'g' })
  })

  it.each([
    ['born', IN.CREATE],
    ['renamed to it', IN.MOVED_TO],
  ])('puts what is about a name behind that it was %s, in its order', (_, mask) => {
    const { strays, top, place, rest } = given()
    strays.left(top, record(IN.DELETE | IN.ISDIR, 'f'))
    const others = [record(IN.CREATE, 'g'), record(mask, 'f', WD + 1)]
    const found = place(
      modify('f'),
      ...others,
      record(mask, 'f'),
      record(IN.CLOSE_WRITE, 'f'),
      record(IN.DELETE, 'f'),
    )
    expect(found).toBe('later')
    const hex = mask.toString(16)
    expect(rest()).toEqual(['100 g', `${hex} f`, `${hex} f`, '8 f', '2 f', '200 f'])
  })

  it('waits for the birth until all has been read, and then takes the name as it is, without waiting there again', () => {
    const { top, strays, state, place } = given()
    expect([place(modify('f')), strays.isWaiting]).toEqual(['unread', true])
    state.isPast = true
    expect([place(modify('f')), strays.isWaiting]).toEqual([{ node: top, name: 'f' }, false])
    state.isPast = false
    expect([place(modify('g')), strays.isWaiting]).toEqual([{ node: top, name: 'g' }, false])
  })

  it('goes on without the birth when it is told to', () => {
    const { top, d, strays, place } = given()
    expect(place(modify('f'))).toBe('unread')
    strays.expire()
    expect([place(modify('f')), strays.isWaiting]).toEqual([{ node: top, name: 'f' }, false])
    // Once: what is awaited elsewhere is awaited anew.
    expect(strays.place(d, record(IN.MODIFY, 'g', WD + 1))).toBe('unread')
  })

  it('where it is not kept what was told, knows who has left a name until another comes', () => {
    const { top, strays, place } = given('none')
    expect(strays.isStray(top, 'f')).toBe(false)
    strays.left(top, record(IN.MOVED_FROM, 'f'), top, 'g')
    strays.left(top, record(IN.MOVED_FROM, 'f2'), top, 'g2')
    expect([strays.isStray(top, 'f'), place(modify('f'))]).toEqual([true, { node: top, name: 'g' }])
    strays.came(top, 'f')
    expect([strays.isStray(top, 'f'), strays.isStray(top, 'f2')]).toEqual([false, true])
  })
})

describe('RecordQueue.delay', () => {
  it('leaves each record its time', () => {
    const queue = new RecordQueue()
    queue.push([modify('a'), modify('b')], 1)
    queue.push([modify('c')], 2)
    queue.push([modify('d')], 3)
    queue.delay(1)
    const seen: [string, number][] = []
    while (!queue.isEmpty) {
      seen.push([queue.at(queue.head)!.name, queue.headTime])
      queue.advance()
    }
    expect(seen).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 1],
      ['c', 2],
      ['d', 3],
    ])
  })

  it('finds a fence again that it has put elsewhere', () => {
    const queue = new RecordQueue()
    const fence = { wd: FENCE_WD, mask: 0, cookie: 5, name: '' }
    queue.push([modify('a'), modify('b'), modify('c')], 1)
    expect(queue.findFence(5)).toBe(-1)
    queue.push([fence, modify('d')], 2)
    queue.delay(1)
    expect(queue.at(queue.findFence(5))).toBe(fence)
  })
})
