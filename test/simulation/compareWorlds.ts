import * as fs from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { expect } from '@jest/globals'
import { INOTIFY } from '../../src/testing/simulatedNotify.js'
import type { InotifyRecord } from '../../src/watching/port.js'
import { resolveAction } from './arbitraryActions.js'
import type { RealInotify } from './RealKernel.js'
import { RealWorld } from './RealWorld.js'
import { SimulatedWorld } from './SimulatedWorld.js'
import { perform, type Action, type World } from './World.js'

/** Watch descriptors are the same in both worlds; cookies are numbered by their first appearance. */
export class Canonical {
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

export interface Plan {
  /** Watch the top with this mask; 0 for not at all. */
  readonly top: number
  /** Watch each new directory and each file that is opened with this mask; 0 for not at all. */
  readonly below: number
  /** Calls between two reads of the queue. */
  readonly batch: number
}

/** Performs the actions in both worlds and expects the same of both. */
export function compareWorlds(
  top: string,
  inotify: RealInotify,
  actions: readonly Action[],
  { top: topMask, below, batch }: Plan,
): void {
  const real = new RealWorld(top, inotify)
  const simulated = new SimulatedWorld(top, { maxQueuedEvents: inotify.maxQueuedEvents })
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
    if (topMask !== 0) both({ call: 'watch', args: ['', topMask] })
    let before = stats(real, simulated)
    for (const [index, unresolved] of actions.entries()) {
      const paths = [...before.keys()]
      const directories = paths.filter((path) => before.get(path)!.simulated.type === 'directory')
      const action = resolveAction(unresolved, paths, directories)
      const answer = both(action)
      if (below !== 0 && (action.call === 'mkdir' || action.call === 'open') && answer === undefined) {
        both({ call: 'watch', args: [action.args[0]!, below] })
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
