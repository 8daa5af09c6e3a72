import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { Spool } from '../../../src/pipeline/delivery/Spool.js'
import { runChild } from '../../helpers/runChild.js'
import { withDirectory } from '../../helpers/withDirectory.js'

it('what is said to be on disk is there, once and in its order, however often the process is killed', () =>
  withDirectory(async (directory) => {
    const path = join(directory, 'spool.db')
    let kept = 0
    for (const least of [1, 3000, 9000]) {
      let last = kept
      const { signal } = await runChild('spooling', [path], {
        onOutput: (text, kill) => {
          last = Number(text.trimEnd().split('\n').at(-1))
          if (last >= kept + least) kill('SIGKILL')
        },
      })
      expect(signal).toBe('SIGKILL')
      const spool = await Spool.open(path, 2 ** 30, () => undefined)
      expect(spool.resumed).toBeGreaterThanOrEqual(last)
      kept = spool.resumed
      await spool.close()
    }

    const spool = await Spool.open(path, 2 ** 30, () => undefined)
    const runs = new Map<string, number[]>()
    for (let next = await spool.read(8192); next !== undefined; next = await spool.read(8192)) {
      const found = runs.get(next.run) ?? []
      for (const { seq } of next.events) found.push(seq)
      runs.set(next.run, found)
      await spool.remove(next, next.events.length)
    }
    await spool.close()
    expect(runs.size).toBe(3)
    for (const found of runs.values()) expect(found).toEqual(found.map((_, index) => found[0]! + index))
    expect([...runs.values()].flat()).toHaveLength(kept)
  }))
