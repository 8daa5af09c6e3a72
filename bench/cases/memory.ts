import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectPath } from '../measure/projectPath.js'
import { runProgram } from '../measure/runProgram.js'
import type { Scratch } from '../measure/Scratch.js'
import { withDirectory } from '../measure/underLoad.js'
import { withWatches } from '../measure/withWatches.js'
import type { BenchCase } from './BenchCase.js'

/** The names of the rows that targets are about. */
export const memoryRows = { directory: 'a watched directory' } as const

const DIRECTORIES = 100_000
const ENTRIES = 100_000
const QUEUED = 200_000

/** Bytes that the probe holds more than before, when it is ready, or has kept so many events of a load. */
async function probe(directory: string, kept?: number, load?: () => Promise<number>): Promise<number> {
  const program = projectPath('build/bench/programs/heapProbe.js')
  const further = kept === undefined ? [] : [String(kept)]
  const child = spawn(process.execPath, ['--expose-gc', program, directory, ...further], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let bytes = NaN
  for await (const line of createInterface(child.stdout)) {
    const told = JSON.parse(line) as { what: string; bytes: number }
    if (told.what === 'ready' && load !== undefined) {
      bytes = -told.bytes
      await load()
    } else {
      bytes = Number.isNaN(bytes) ? told.bytes : bytes + told.bytes
    }
  }
  await exited
  return bytes
}

async function perEntry(scratch: Scratch): Promise<number> {
  const count = 1000
  return withDirectory(scratch.tree(count), async (directory) => {
    const without = await probe(directory)
    for (let i = 0; i < ENTRIES; i++) {
      const d = i % count
      writeFileSync(
        join(directory, `d${Math.floor(d / 100)}`, d % 100 === 0 ? '' : `e${d}`, `entry-${i}`),
        '',
      )
    }
    return ((await probe(directory)) - without) / ENTRIES
  })
}

export const memory: BenchCase = {
  name: 'memory',
  title: 'Memory',
  async run({ scratch }) {
    const rows = []
    const leftOut: string[] = []
    const empty = await withDirectory(scratch.directory(), (directory) => probe(directory))
    try {
      const bytes = await withWatches(DIRECTORIES + 1000, () =>
        withDirectory(scratch.tree(DIRECTORIES), (directory) => probe(directory)),
      )
      rows.push({
        name: memoryRows.directory,
        values: { bytes: (bytes - empty) / DIRECTORIES, of: DIRECTORIES },
      })
    } catch (error) {
      leftOut.push(`${memoryRows.directory}: ${(error as Error).message}`)
    }
    rows.push({ name: 'a remembered entry', values: { bytes: await perEntry(scratch), of: ENTRIES } })
    const queued = await withDirectory(scratch.directory(), (directory) =>
      probe(directory, QUEUED, () => runProgram([scratch.load, 'files', directory, String(QUEUED / 5)])),
    )
    rows.push({ name: 'a queued event', values: { bytes: queued / QUEUED, of: QUEUED } })
    return {
      work: 'What the heap of a library subscriber holds after a collection of garbage, for each of so many.',
      columns: [
        { key: 'bytes', title: 'bytes each' },
        { key: 'of', title: 'measured with' },
      ],
      rows,
      leftOut,
    }
  },
}
