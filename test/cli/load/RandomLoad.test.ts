import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { RandomLoad } from '../../../src/cli/load/RandomLoad.js'
import { listTree } from '../../helpers/TreeState.js'
import { until } from '../../helpers/until.js'
import { withDirectory } from '../../helpers/withDirectory.js'

async function withLoad(use: (load: RandomLoad, tree: string) => Promise<void>): Promise<void> {
  await withDirectory(async (scratch) => {
    const [tree, outside] = [join(scratch, 'tree'), join(scratch, 'outside')]
    for (const path of [tree, outside]) mkdirSync(path)
    const load = new RandomLoad(2, { tree, outside, seed: 1 })
    try {
      await use(load, tree)
    } finally {
      await load.stop()
    }
  })
}

describe('RandomLoad', () => {
  it('works in rounds: nothing changes after one has ended', async () => {
    await withLoad(async (load, tree) => {
      await load.round(200)
      const before = [...listTree(tree).keys()]
      expect(before.length).toBeGreaterThan(10)
      await load.round(0)
      expect([...listTree(tree).keys()]).toEqual(before)
      await load.round(200)
      expect([...listTree(tree).keys()]).not.toEqual(before)
    })
  })

  it('can be stopped in the middle of a round, which then ends', async () => {
    await withLoad(async (load, tree) => {
      const round = load.round(10_000_000)
      await until(
        () => readdirSync(tree).length > 0,
        () => 'work',
      )
      await load.stop()
      await round
      const after = [...listTree(tree).keys()]
      await expect(load.round(10)).resolves.toBeUndefined()
      expect([...listTree(tree).keys()]).toEqual(after)
    })
  })

  it('a process that ends by itself fails the round, and the ones after it', async () => {
    await withLoad(async (load) => {
      await load.round(1)
      const round = load.round(10_000_000)
      for (const pid of ownChildren()) process.kill(pid, 'SIGTERM')
      await expect(round).rejects.toThrow('a process of the load ended with SIGTERM')
      await expect(load.round(1)).rejects.toThrow('a process of the load ended with SIGTERM')
    })
  })
})

/** The processes of the load: those that this one has started. */
function ownChildren(): number[] {
  const lists = readdirSync('/proc/self/task').map((id) =>
    readFileSync(`/proc/self/task/${id}/children`, 'utf8'),
  )
  const pids = lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
  return pids.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('loadProcess.js'))
}
