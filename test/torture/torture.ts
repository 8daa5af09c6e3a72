import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventGroups, eventTypes, type EventType } from '../../src/events/index.js'
import { ownWatches } from '../../src/watching/ownWatches.js'
import type { Binding } from '../helpers/bindings.js'
import { kernelWatches } from '../helpers/procSelf.js'
import { RandomWorkers } from '../helpers/RandomWorkers.js'
import { SourceProbe } from '../helpers/SourceProbe.js'
import { queueSysctl, withQueueLength, withUsualQueue } from '../helpers/sysctl.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const PROCESSES = 2
const STEPS = 150
const BOUND_MS = 10_000
// What is polled is looked at in cycles. How long one takes depends on the machine; that it takes so long is a hang.
const CYCLES = 5
const HANG_MS = 300_000
// Where accesses are told, each look at the disk is told too: without a pause the stream could never catch up, and what
// is told while it polls puts off the next look.
const LISTING_MS = 100
const POLLED_MS = 1000
const QUEUE_LENGTH = 16_384
const ENOUGH_WATCHES = 100_000

export interface Outcome {
  /** What the stream and the disk do not agree on; empty when all is well. */
  readonly wrong: readonly string[]
  readonly overflows: number
  /** How many events there were, so that it is known that something happened. */
  readonly events: number
  /** The codes of the warnings. */
  readonly warnings: readonly string[]
}

export interface Variant {
  readonly binding: Binding
  readonly follow?: boolean
  readonly repair?: 'off'
  /** The length of the kernel's queue. */
  readonly queueLength?: number
  /** So many directories can be watched until the work is done. In a user namespace only. */
  readonly watches?: number
}

function limitWatches(watches: number): void {
  writeFileSync('/proc/sys/user/max_inotify_watches', String(watches))
}

/** Lets programs work at random in a watched tree, and compares what the stream has told with what is on the disk. */
async function torture(variant: Variant, seed: number, workers: RandomWorkers): Promise<Outcome> {
  const { binding, follow = true, repair, queueLength = QUEUE_LENGTH, watches } = variant
  return withDirectory(async (scratch) => {
    const tree = join(scratch, 'tree')
    const outside = join(scratch, 'outside')
    for (const path of [outside, join(tree, 'a', 'b', 'c'), join(tree, 'd')])
      mkdirSync(path, { recursive: true })
    writeFileSync(join(tree, 'a', 'e'), '')
    const watchesBefore = kernelWatches().length
    if (watches !== undefined) limitWatches(watches + ownWatches([tree]))
    // Listing the tree, as this test does, would by itself fill a short queue if accesses were told.
    const types = new Set<EventType>(queueLength === QUEUE_LENGTH ? eventTypes : eventGroups.changes)
    const options = {
      paths: tree,
      binding,
      pollInterval: 50,
      onWatchLimit: 'poll',
      ...(repair === undefined ? {} : { repair }),
    } as const
    const open = () => new SourceProbe(options, { follow, request: { eventTypes: types } })
    // Other tests shorten the queue for moments: they are waited for.
    const probe = queueSysctl.met() ? withQueueLength(queueLength, open) : withUsualQueue(open)
    try {
      await probe.ready()
      const state = new TreeState(listTree(tree))
      let applied = 0
      const differences = () => {
        for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
        return state.differences(listTree(tree))
      }
      // node-inotify does not follow names that are not UTF-8.
      await workers.work({ tree, outside, seed, steps: STEPS, anyBytes: binding === 'koffi' })
      writeFileSync(join(tree, 'sync'), '')
      // Without a repair, that too may be lost.
      if (repair === undefined) await probe.sees('CREATE', join(tree, 'sync'))

      const wrong: string[] = []
      const becomes = async (isSo: () => boolean, otherwise: () => string) => {
        const first = probe.looks?.begun ?? 0
        let end = 0
        let state = ''
        let listedAt = 0
        let listedIn = -1
        const isOver = () => {
          const { needed, ended } = probe.looks ?? { needed: false, ended: 0 }
          if (needed || end === 0) end = Date.now() + BOUND_MS
          // What is polled is told when a cycle is over, as a rule; its pauses can be long.
          const pause = needed && ended === listedIn ? POLLED_MS : LISTING_MS
          if (Date.now() < listedAt + pause) return false
          listedIn = ended
          const isRight = isSo()
          listedAt = Date.now()
          // A hang is that nothing changes any more, not that a busy machine takes long.
          const now = `${watched()} ${probe.events.length}`
          if (now !== state) end = listedAt + BOUND_MS
          state = now
          return isRight || (needed ? ended > first + CYCLES : Date.now() > end)
        }
        await until(isOver, otherwise, HANG_MS)
        if (!isSo()) wrong.push(otherwise())
      }
      const overflows = () => probe.controls.filter((type) => type === 'OVERFLOW').length
      const watched = () => kernelWatches().length - watchesBefore - ownWatches([tree])
      const directories = () => 1 + [...listTree(tree).values()].filter((isDirectory) => isDirectory).length
      const counts = () =>
        `${watched()} watches, ${directories()} directories, ${overflows()} overflows, ${differences().length} differences`
      if (watches !== undefined) {
        await becomes(() => differences().length === 0, counts)
        wrong.push(...differences())
        limitWatches(ENOUGH_WATCHES)
      }
      if (follow && repair === undefined)
        await becomes(() => watched() === directories() && differences().length === 0, counts)
      await probe.stop()
      wrong.push(...differences())
      return {
        wrong: wrong.map((line) => `seed ${seed}: ${line.replaceAll(tree, '')}`),
        overflows: overflows(),
        events: probe.events.length,
        warnings: probe.issues.map(({ code }) => code),
      }
    } finally {
      probe.unsubscribe()
    }
  })
}

/** The same for a range of seeds. */
export async function tortureAll(
  variant: Variant,
  firstSeed: number,
  lastSeed: number,
  onOutcome?: (outcome: Outcome, seed: number) => void,
): Promise<Outcome> {
  const workers = new RandomWorkers(PROCESSES)
  const outcomes: Outcome[] = []
  try {
    for (let seed = firstSeed; seed <= lastSeed; seed++) {
      const outcome = await torture(variant, seed, workers)
      onOutcome?.(outcome, seed)
      outcomes.push(outcome)
    }
  } finally {
    workers.close()
  }
  return together(outcomes)
}

/** Several outcomes as one. */
export function together(outcomes: readonly Outcome[]): Outcome {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  return {
    wrong: outcomes.flatMap(({ wrong }) => wrong),
    overflows: sum(outcomes.map(({ overflows }) => overflows)),
    events: sum(outcomes.map(({ events }) => events)),
    warnings: outcomes.flatMap(({ warnings }) => warnings),
  }
}
