import { describe, expect, it } from '@jest/globals'
import type { MountPlace } from '../../src/linux/MountView.js'
import { Remounts } from '../../src/watching/Remounts.js'
import { WatchTable } from '../../src/watching/WatchTable.js'

const MOUNTED_DEVICE = 7

/** A table with the watched directories `/r` and `/r/m`; `places` is what a look at the mounts will find. */
function given() {
  const table = new WatchTable()
  const top = table.addRoot({ path: '/r', only: undefined, recursive: true, mayBeMissing: false })
  table.setWatch(top, 1)
  const m = table.attach(top, 'm')
  table.setWatch(m, 2)
  m.self = { dev: MOUNTED_DEVICE, ino: 1, bornAt: 0 }
  const probed: string[] = []
  const crawler = {
    round: 0,
    demandRound: () => crawler.round + 1,
    probe: (node: typeof top) => probed.push(table.pathOf(node)),
  }
  const seen = { places: [] as MountPlace[], looks: [] as (readonly string[])[], accepted: 0 }
  const remounts = new Remounts(table, crawler, {
    places: (roots) => {
      seen.looks.push(roots)
      return seen.places
    },
    accept: () => seen.accepted++,
  })
  const place = (below: string, unmounted?: number): MountPlace => ({ root: '/r', below, unmounted })
  return { table, top, m, crawler, probed, seen, remounts, place }
}

describe('Remounts', () => {
  it('takes what is mounted at the start for what the roots are found with', () => {
    const { seen, remounts, probed } = given()
    remounts.start(['/r', '/s'])
    expect([seen.looks, seen.accepted]).toEqual([[['/r', '/s']], 1])
    expect([remounts.settle(), probed]).toEqual([false, []])
  })

  it('looks at the places when all has been applied that had happened by then, and once', () => {
    const { crawler, probed, seen, remounts, place } = given()
    seen.places = [place(''), place('m'), place('unknown')]
    remounts.begin()
    expect([remounts.settle(), probed, seen.accepted]).toEqual([false, [], 0])
    crawler.round++
    expect([remounts.settle(), probed, seen.accepted]).toEqual([true, ['/r', '/r/m'], 1])
    expect([remounts.settle(), probed.length]).toEqual([false, 2])
  })

  it('asks for each root once, also where two sources of events are given the same', () => {
    const { table, seen, remounts } = given()
    table.addRoot({ path: '/r', only: new Set(['f']), recursive: false, mayBeMissing: false })
    table.addRoot({ path: '/s', only: undefined, recursive: true, mayBeMissing: false })
    remounts.begin()
    expect(seen.looks).toEqual([['/r', '/s']])
  })

  it('looks at every top node of a root', () => {
    const { table, crawler, probed, seen, remounts, place } = given()
    table.addRoot({ path: '/r', only: new Set(['f']), recursive: false, mayBeMissing: false })
    seen.places = [place('')]
    remounts.begin()
    crawler.round++
    remounts.settle()
    expect(probed).toEqual(['/r', '/r'])
  })

  it('looks at no other root', () => {
    const { table, crawler, probed, seen, remounts, place } = given()
    table.addRoot({ path: '/s', only: undefined, recursive: true, mayBeMissing: false })
    seen.places = [place('')]
    remounts.begin()
    crawler.round++
    expect([remounts.settle(), probed]).toEqual([true, ['/r']])
  })

  it('begins anew when a directory was renamed meanwhile, and keeps what was found before', () => {
    const { table, top, m, crawler, probed, seen, remounts, place } = given()
    seen.places = [place('m')]
    remounts.begin()
    crawler.round++
    table.move(m, top, 'n')
    seen.places = [place('n')]
    expect([remounts.settle(), seen.looks.length, seen.accepted]).toEqual([false, 2, 0])
    expect(remounts.settle()).toBe(false)
    crawler.round++
    expect([remounts.settle(), probed, seen.accepted]).toEqual([true, ['/r/n'], 1])
  })

  it('looks in the end though directories are renamed all the time, each time anew', () => {
    const { table, top, m, crawler, probed, seen, remounts, place } = given()
    seen.places = [place('')]
    for (let times = 1; times <= 2; times++) {
      remounts.begin()
      let tries = 0
      do {
        crawler.round++
        table.move(m, top, `${times} ${++tries}`)
      } while (!remounts.settle() && tries < 100)
      expect([tries, probed.length]).toEqual([11, times])
    }
  })

  it('knows once of a directory that what was mounted there is gone, and only of that device', () => {
    const { top, m, crawler, seen, remounts, place } = given()
    top.self = { dev: 1, ino: 1, bornAt: 0 }
    seen.places = [place('', MOUNTED_DEVICE), place('m', MOUNTED_DEVICE)]
    remounts.begin()
    expect(remounts.take(m)).toBe(false)
    crawler.round++
    remounts.settle()
    expect([remounts.take(top), remounts.take(m), remounts.take(m)]).toEqual([false, true, false])
  })

  it.each([
    ['it is mounted still', 2, undefined, MOUNTED_DEVICE],
    ['it is mounted still, and not known of which device it was', 2, undefined, undefined],
    ['it is not watched', 0, MOUNTED_DEVICE, MOUNTED_DEVICE],
  ])('knows nothing of a directory when %s', (_, wd, unmounted, device) => {
    const { m, crawler, seen, remounts, place } = given()
    m.wd = wd
    if (device === undefined) m.self = undefined
    seen.places = [place('m', unmounted)]
    remounts.begin()
    crawler.round++
    expect([remounts.settle(), remounts.take(m)]).toEqual([true, false])
  })
})
