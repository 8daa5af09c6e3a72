import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { watch } from '../../src/index.js'
import type { BenchCase } from './BenchCase.js'

export const renamesRow = { empty: 'an empty directory', full: 'one with 100,000 descendants' } as const

/** CPU of this process for each rename of a directory, in microseconds, until it has been told. */
async function perRename(directory: string, name: string, count: number): Promise<number> {
  const stop = new AbortController()
  const events = watch(directory, { signal: stop.signal })
  let renames = 0
  let start = process.cpuUsage()
  for await (const event of events) {
    if (event.eventType === 'MONITOR_START') {
      start = process.cpuUsage()
      renameSync(join(directory, `${name}-0`), join(directory, `${name}-1`))
    }
    if (event.eventType !== 'RENAME') continue
    renames++
    if (renames === count) break
    renameSync(join(directory, `${name}-${renames}`), join(directory, `${name}-${renames + 1}`))
  }
  const used = process.cpuUsage(start)
  stop.abort()
  renameSync(join(directory, `${name}-${count}`), join(directory, `${name}-0`))
  return (used.user + used.system) / count
}

export const renames: BenchCase = {
  name: 'renames',
  title: 'Renames of directories',
  async run({ scratch }) {
    const directory = scratch.directory()
    try {
      mkdirSync(join(directory, 'empty-0'))
      for (let d = 0; d < 1000; d++) {
        const below = join(directory, 'full-0', `d${d % 10}`, `e${d}`)
        mkdirSync(below, { recursive: true })
        for (let f = 0; f < 99; f++) writeFileSync(join(below, `f${f}`), '')
      }
      // The first ones are slower, whatever is renamed.
      await perRename(directory, 'empty', 50)
      const empty = await perRename(directory, 'empty', 200)
      const full = await perRename(directory, 'full', 200)
      return {
        work: 'CPU from the rename of a directory until it is told.',
        columns: [
          { key: 'micros', title: 'us' },
          { key: 'ratio', title: 'x empty', digits: 2 },
        ],
        rows: [
          { name: renamesRow.empty, values: { micros: empty, ratio: 1 } },
          { name: renamesRow.full, values: { micros: full, ratio: full / empty } },
        ],
        leftOut: [],
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}
