// Programs work at random in a watched tree; then what the stream has told must be what is on the disk.
// Other seeds than the usual ones: TORTURE_SEEDS=21..500
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, jest } from '@jest/globals'
import { eventGroups, eventTypes, type EventType } from '../../src/events/index.js'
import { ownWatches } from '../../src/watching/ownWatches.js'
import { describeBindings, type Binding } from '../helpers/bindings.js'
import { kernelWatches } from '../helpers/procSelf.js'
import { SourceProbe } from '../helpers/SourceProbe.js'
import { queueSysctl, withQueueLength } from '../helpers/sysctl.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const [firstSeed, lastSeed] = (process.env.TORTURE_SEEDS ?? '1..20').split('..').map(Number) as [
  number,
  number,
]
const PROCESSES = 2
const STEPS = 150
const SHORT_QUEUE = 40
const BOUND_MS = 10_000

const script = fileURLToPath(new URL('../helpers/randomWork.js', import.meta.url))

jest.setTimeout(60_000 + (lastSeed - firstSeed + 1) * 10_000)

async function work(tree: string, outside: string, seed: number): Promise<void> {
  const children = Array.from({ length: PROCESSES }, (_, index) =>
    spawn(process.execPath, [script, tree, outside, String(seed * PROCESSES + index), String(STEPS)], {
      stdio: 'inherit',
    }),
  )
  await Promise.all(children.map((child) => once(child, 'exit')))
}

interface Outcome {
  /** What the stream and the disk do not agree on; empty when all is well. */
  readonly wrong: readonly string[]
  readonly overflows: number
  /** How many events there were, so that it is known that something happened. */
  readonly events: number
}

interface Variant {
  readonly follow?: boolean
  readonly queueLength?: number
}

async function torture(
  binding: Binding,
  seed: number,
  { follow = true, queueLength }: Variant,
): Promise<Outcome> {
  return withDirectory(async (scratch) => {
    const tree = join(scratch, 'tree')
    const outside = join(scratch, 'outside')
    for (const path of [outside, join(tree, 'a', 'b', 'c'), join(tree, 'd')])
      mkdirSync(path, { recursive: true })
    writeFileSync(join(tree, 'a', 'e'), '')
    const watchesBefore = kernelWatches().length
    // Listing the tree, as this test does, would by itself fill a short queue if accesses were told.
    const types = new Set<EventType>(queueLength === undefined ? eventTypes : eventGroups.changes)
    const open = () => new SourceProbe({ paths: tree, binding }, { follow, request: { eventTypes: types } })
    const probe = queueLength === undefined ? open() : withQueueLength(queueLength, open)
    try {
      await probe.ready()
      const state = new TreeState(listTree(tree))
      let applied = 0
      const differences = () => {
        for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
        return state.differences(listTree(tree))
      }
      await work(tree, outside, seed)
      writeFileSync(join(tree, 'sync'), '')
      await probe.sees('CREATE', join(tree, 'sync'))

      const watched = () => kernelWatches().length - watchesBefore - ownWatches([tree])
      const directories = () => 1 + [...listTree(tree).values()].filter((isDirectory) => isDirectory).length
      const wrong: string[] = []
      if (follow) {
        await until(
          () => watched() === directories() && differences().length === 0,
          () => 'quiet',
          BOUND_MS,
        ).catch(() => wrong.push(`${watched()} watches, ${directories()} directories`))
      }
      await probe.stop()
      wrong.push(...differences())
      return {
        wrong: wrong.map((line) => `seed ${seed}: ${line.replaceAll(tree, '')}`),
        overflows: probe.controls.filter((type) => type === 'OVERFLOW').length,
        events: probe.events.length,
      }
    } finally {
      probe.unsubscribe()
    }
  })
}

async function tortureAll(binding: Binding, variant: Variant): Promise<Outcome> {
  const wrong: string[] = []
  let overflows = 0
  let events = 0
  for (let seed = firstSeed; seed <= lastSeed; seed++) {
    const outcome = await torture(binding, seed, variant)
    wrong.push(...outcome.wrong)
    overflows += outcome.overflows
    events += outcome.events
  }
  return { wrong, overflows, events }
}

describeBindings('torture', ({ binding, test, testWith }) => {
  test('the stream equals the disk, and each directory has its watch', async () => {
    const { wrong, events } = await tortureAll(binding, {})
    expect(wrong).toEqual([])
    expect(events).toBeGreaterThan(100 * (lastSeed - firstSeed + 1))
  })

  testWith([queueSysctl], 'the same while the kernel queue overflows', async () => {
    const { wrong, overflows } = await tortureAll(binding, { queueLength: SHORT_QUEUE })
    expect(wrong).toEqual([])
    expect(overflows).toBeGreaterThan(0)
  })

  test('who does not follow new directories fails', async () => {
    const outcomes: Outcome[] = []
    for (let seed = firstSeed; seed < firstSeed + 3; seed++) {
      outcomes.push(await torture(binding, seed, { follow: false }))
    }
    expect(outcomes.flatMap(({ wrong }) => wrong)).not.toEqual([])
  })
})
