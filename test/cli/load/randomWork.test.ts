import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { randomWork, seededRandom } from '../../../src/cli/load/randomWork.js'
import { listTree } from '../../helpers/TreeState.js'
import { withDirectory } from '../../helpers/withDirectory.js'

async function worked(seed: number, anyBytes: boolean, steps = 400): Promise<string[]> {
  return withDirectory(async (scratch) => {
    for (const name of ['tree', 'outside']) mkdirSync(join(scratch, name))
    const step = randomWork({
      tree: join(scratch, 'tree'),
      outside: join(scratch, 'outside'),
      seed,
      anyBytes,
    })
    const seen = new Set<string>()
    for (let i = 0; i < steps; i++) {
      step()
      for (const path of listTree(join(scratch, 'tree')).keys()) seen.add(path.replace(scratch, ''))
    }
    expect(readdirSync(scratch).sort()).toEqual(['outside', 'tree'])
    await Promise.resolve()
    return [...seen].sort()
  })
}

describe('randomWork', () => {
  it('does the same for the same seed, and something else for another', async () => {
    const first = await worked(1, false)
    expect(first.length).toBeGreaterThan(30)
    expect(await worked(1, false)).toEqual(first)
    expect(await worked(2, false)).not.toEqual(first)
  })

  it('uses names that are not UTF-8 when asked, and only then', async () => {
    const odd = (paths: readonly string[]) => paths.filter((path) => path.startsWith('\0'))
    expect(odd(await worked(3, true))).not.toEqual([])
    expect(odd(await worked(3, false))).toEqual([])
  })
})

describe('seededRandom', () => {
  it('gives numbers from 0 to below 1 that follow from the seed', () => {
    const [a, b, c] = [seededRandom(7), seededRandom(7), seededRandom(8)]
    const numbers = Array.from({ length: 1000 }, a)
    expect(Array.from({ length: 1000 }, b)).toEqual(numbers)
    expect(Array.from({ length: 1000 }, c)).not.toEqual(numbers)
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
    expect(new Set(numbers.map((number) => Math.floor(number * 10))).size).toBe(10)
  })
})
