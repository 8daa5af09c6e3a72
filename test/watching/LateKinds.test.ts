import { describe, expect, it } from '@jest/globals'
import { IN } from '../../src/linux/inotifyMasks.js'
import { LateKinds } from '../../src/watching/LateKinds.js'
import type { WatchNode } from '../../src/watching/WatchNode.js'
import { WatchTable } from '../../src/watching/WatchTable.js'

/** A tree of so many directories, and what is asked of the crawler. */
function given(directories: number, mask: number) {
  const table = new WatchTable()
  const top = table.addRoot({ path: '/r', only: undefined, recursive: true, mayBeMissing: false })
  table.setWatch(top, 1)
  for (let wd = 2; wd <= directories; wd++) table.setWatch(table.attach(top, `d${wd}`), wd)
  const asked: (number | string)[] = []
  const crawler = {
    widen: (to: number) => void asked.push(`mask ${to}`),
    rewatch: (node: WatchNode) => void asked.push(node.wd),
    demandRound: () => asked.push('round'),
  }
  return { asked, kinds: new LateKinds(table, crawler, mask) }
}

describe('LateKinds', () => {
  it('asks once for the kinds that listing causes itself, then waits for what came meanwhile', () => {
    const mask = IN.CREATE | IN.OPEN
    const { asked, kinds } = given(3, mask)
    expect([kinds.ask(), kinds.ask()]).toEqual([true, false])
    expect(asked).toEqual([`mask ${mask}`, 1, 2, 3, 'round'])
  })

  it('goes through a large tree in parts', () => {
    const { asked, kinds } = given(10_000, IN.ACCESS)
    let parts = 0
    while (kinds.ask()) parts++
    expect(parts).toBeGreaterThan(1)
    expect(asked.filter((one) => one === 'round')).toHaveLength(parts)
    expect(new Set(asked.filter((one) => typeof one === 'number')).size).toBe(10_000)
  })

  it('asks for nothing when none is wanted', () => {
    const { asked, kinds } = given(3, IN.CREATE | IN.DELETE)
    expect([kinds.ask(), asked]).toEqual([false, []])
  })
})
