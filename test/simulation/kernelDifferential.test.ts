import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { INOTIFY } from '../../src/testing/simulatedNotify.js'
import type { InotifyRecord } from '../../src/watching/port.js'
import { arbitraryActions, resolveAction } from './arbitraryActions.js'
import { asUser } from './RealKernel.js'
import { RealWorld } from './RealWorld.js'
import { SimulatedWorld } from './SimulatedWorld.js'
import { perform, type Action, type World } from './World.js'

const RUNS = Number(process.env.FSFLOW_SIMULATION_RUNS ?? 300)
const SEED = Number(process.env.FSFLOW_SIMULATION_SEED ?? 1)

/** Filesystems that the simulation was made after, by their magic numbers; others keep their own order of things. */
const SUPPORTED = new Map([
  [0x01021994, 'tmpfs'],
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
])

const roots = new Map<string, string>()
for (const directory of ['/dev/shm', tmpdir()]) {
  const type = fs.existsSync(directory) ? SUPPORTED.get(fs.statfsSync(directory).type) : undefined
  if (type !== undefined && !roots.has(type)) roots.set(type, directory)
}

/** Watch descriptors are the same in both worlds; cookies are numbered by their first appearance. */
class Canonical {
  readonly #cookies = new Map<number, number>([[0, 0]])

  of(records: readonly InotifyRecord[]): string[] {
    return records.map(({ wd, mask, cookie, name }) => {
      if (!this.#cookies.has(cookie)) this.#cookies.set(cookie, this.#cookies.size)
      return `${wd} ${namesOf(mask)} ${name} ${this.#cookies.get(cookie)}`
    })
  }
}

function namesOf(mask: number): string {
  const bits = Object.entries(INOTIFY).filter(([bit, value]) => bit !== 'ALL_EVENTS' && (mask & value) !== 0)
  return bits.map(([bit]) => bit).join('|')
}

interface Plan {
  /** Watch the top, each new directory and each file that is opened, with all events. */
  readonly watchAll: boolean
  /** Steps between two reads of the queue. */
  readonly batch: number
}

/** Performs the actions in both worlds and expects the same of both. */
function compare(top: string, actions: readonly Action[], { watchAll, batch }: Plan): void {
  const real = new RealWorld(top)
  const simulated = new SimulatedWorld(top)
  const canonical = { real: new Canonical(), simulated: new Canonical() }
  const done: string[] = []
  const both = (action: Action): unknown => {
    const expected = perform(real, action)
    done.push(`${action.call} ${action.args.join(' ')}`)
    same(done, 'answer', perform(simulated, action), expected)
    return expected
  }
  const sameRecords = (): void => {
    const expected = canonical.real.of(real.drain())
    same(done, 'records', canonical.simulated.of(simulated.drain()), expected)
  }
  try {
    if (watchAll) both({ call: 'watch', args: ['', INOTIFY.ALL_EVENTS] })
    let before = stats(real, simulated)
    for (const [index, unresolved] of actions.entries()) {
      const paths = [...before.keys()]
      const directories = paths.filter((path) => before.get(path)!.simulated.type === 'directory')
      const action = resolveAction(unresolved, paths, directories)
      const answer = both(action)
      if (watchAll && (action.call === 'mkdir' || action.call === 'open') && answer === undefined) {
        both({ call: 'watch', args: [action.args[0]!, INOTIFY.ALL_EVENTS] })
      }
      if (index % batch === batch - 1) sameRecords()
      const after = stats(real, simulated)
      expectChangesSeen(before, after, done)
      before = after
    }
    sameRecords()
    same(done, 'paths', simulated.paths(), real.paths())
  } finally {
    real.end()
    simulated.end()
    fs.rmSync(top, { recursive: true, force: true })
  }
}

type Stat = ReturnType<World['lstat']>

function stats(real: World, simulated: World): Map<string, { real: Stat; simulated: Stat }> {
  const paths = simulated.paths()
  return new Map(paths.map((path) => [path, { real: real.lstat(path), simulated: simulated.lstat(path) }]))
}

/**
 * The change time of the simulation must move where the real one does. Not the other way round: the clock of
 * older kernels ticks too slowly to see two changes.
 */
function expectChangesSeen(
  before: ReturnType<typeof stats>,
  after: ReturnType<typeof stats>,
  done: readonly string[],
): void {
  for (const [path, now] of after) {
    same(done, `type of ${path}`, now.simulated.type, now.real.type)
    const then = before.get(path)
    if (then === undefined || then.real.changed === now.real.changed) continue
    same(done, `change of ${path} seen`, then.simulated.changed !== now.simulated.changed, true)
  }
}

/** Expects what the simulation gave to be what the kernel gave; a failure shows the calls that led there. */
function same(done: readonly string[], what: string, simulated: unknown, real: unknown): void {
  if (isDeepStrictEqual(simulated, real)) return
  expect({ done, [what]: simulated }).toEqual({ done, [what]: real })
}

describe.each([...roots])('the simulation against the running kernel on %s', (_type, directory) => {
  let scratch = ''
  let tops = 0
  const newTop = (): string => join(scratch, String(++tops), 'top')

  beforeAll(() => {
    scratch = fs.mkdtempSync(join(directory, 'fsflow-differential-'))
    fs.chmodSync(scratch, 0o755)
  })
  afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }))

  it.each([
    ['all events of everything, read after each step', { watchAll: true, batch: 1 }],
    ['all events of everything, read in batches', { watchAll: true, batch: 13 }],
    ['random watches and masks, read after each step', { watchAll: false, batch: 1 }],
    ['random watches and masks, read in batches', { watchAll: false, batch: 13 }],
  ])('%s: same answers, same records, same tree', (_name, plan) => {
    fc.assert(
      fc.property(arbitraryActions, (actions) => compare(newTop(), actions, plan)),
      { numRuns: RUNS, seed: SEED },
    )
  })
})
