// The torture of test/torture/torture.test.ts on the fanotify source, on several filesystems.
// Other seeds than the usual ones: TORTURE_SEEDS=21..500
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals'
import { fanotify } from '../../src/sources/fanotify.js'
import { RandomWorkers } from '../helpers/RandomWorkers.js'
import { itAsRoot } from '../helpers/requires.js'
import { SourceProbe } from '../helpers/SourceProbe.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'

const [firstSeed, lastSeed] = (process.env.TORTURE_SEEDS ?? '1..4').split('..').map(Number) as [
  number,
  number,
]
const PROCESSES = 2
const STEPS = 150
const BOUND_MS = 10_000

jest.setTimeout(60_000 + (lastSeed - firstSeed + 1) * 10_000)

let workers: RandomWorkers
beforeAll(() => {
  workers = new RandomWorkers(PROCESSES)
})
afterAll(() => workers.close())

/** Keeps the main thread from handling anything: the kernel merges what the worker has not read by then. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

interface Place {
  readonly folder: string
  readonly scope: 'filesystem' | 'tree'
}

interface Outcome {
  readonly wrong: readonly string[]
  readonly events: number
}

async function torture({ folder, scope }: Place, seed: number, late: boolean): Promise<Outcome> {
  const scratch = mkdtempSync(join(folder, 'fsflow-torture-'))
  const tree = join(scratch, 'tree')
  const outside = join(scratch, 'outside')
  for (const path of [outside, join(tree, 'a', 'b', 'c'), join(tree, 'd')])
    mkdirSync(path, { recursive: true })
  writeFileSync(join(tree, 'a', 'e'), '')
  // With a small backlog the worker stops reading while the main thread is blocked.
  const probe = new SourceProbe(fanotify({ paths: tree, scope, ...(late ? { backlog: 65_536 } : {}) }))
  try {
    await probe.ready()
    const state = new TreeState(listTree(tree))
    let applied = 0
    const differences = () => {
      for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
      return state.differences(listTree(tree))
    }
    const done = workers.work({ tree, outside, seed, steps: STEPS })
    if (late) block(400)
    await done
    writeFileSync(join(tree, 'sync'), '')
    await probe.sees('CREATE', join(tree, 'sync'))
    await until(
      () => differences().length === 0,
      () => 'quiet',
      BOUND_MS,
    ).catch(() => undefined)
    await probe.stop()
    const wrong = differences().map((line) => `seed ${seed}: ${line.replaceAll(tree, '')}`)
    return { wrong, events: probe.events.length }
  } finally {
    probe.unsubscribe()
    rmSync(scratch, { recursive: true, force: true })
  }
}

const places: readonly Place[] = [
  { folder: tmpdir(), scope: 'filesystem' },
  { folder: '/dev/shm', scope: 'filesystem' },
  { folder: tmpdir(), scope: 'tree' },
]

describe.each(places)('torture (fanotify) in $folder, scope $scope', (place) => {
  describe.each([false, true])('read late: %s', (late) => {
    itAsRoot('the stream equals the disk', async () => {
      const wrong: string[] = []
      let events = 0
      for (let seed = firstSeed; seed <= lastSeed; seed++) {
        const outcome = await torture(place, seed, late)
        wrong.push(...outcome.wrong)
        events += outcome.events
      }
      expect(wrong).toEqual([])
      expect(events).toBeGreaterThan(100 * (lastSeed - firstSeed + 1))
    })
  })
})
