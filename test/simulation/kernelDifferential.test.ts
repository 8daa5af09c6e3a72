import * as fs from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import fc from 'fast-check'
import { INOTIFY } from '../../src/testing/simulatedNotify.js'
import { itWith, program, type Requirement } from '../helpers/requires.js'
import { arbitraryActions } from './arbitraryActions.js'
import { Canonical, compareWorlds, type Plan } from './compareWorlds.js'
import { asUser, RealInotify } from './RealKernel.js'
import { hardCases } from './hardCases.js'
import { RealWorld } from './RealWorld.js'
import { SimulatedWorld } from './SimulatedWorld.js'
import { perform, type World } from './World.js'

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

const ALL = INOTIFY.ALL_EVENTS
const ALL_BUT_UNLINKED = ALL | INOTIFY.EXCL_UNLINK

const PLANS: readonly (readonly [string, Plan])[] = [
  ['all events of everything, read after each call', { top: ALL, below: ALL, batch: 1 }],
  ['all events but of what is unlinked, read in batches', { top: ALL, below: ALL_BUT_UNLINKED, batch: 13 }],
  ['random watches and masks, read after each call', { top: 0, below: 0, batch: 1 }],
  ['random watches and masks, read in batches', { top: 0, below: 0, batch: 13 }],
]

/** The order of records has changed in the past: in open(2) with O_TRUNC, and around DELETE_SELF. */
const recentKernel: Requirement = {
  what: 'Linux 6.6 or later',
  met: () => {
    const [major = 0, minor = 0] = release().split('.').map(Number)
    return major > 6 || (major === 6 && minor >= 6)
  },
}

describe.each([...roots])('the simulation against the running kernel on %s', (_type, directory) => {
  let scratch = ''
  let tops = 0
  let inotify: RealInotify
  const newTop = (): string => join(scratch, String(++tops), 'top')

  beforeAll(() => {
    inotify = new RealInotify()
    scratch = fs.mkdtempSync(join(directory, 'fsflow-differential-'))
    fs.chmodSync(scratch, 0o755)
  })
  afterAll(() => {
    inotify.close()
    fs.rmSync(scratch, { recursive: true, force: true })
  })

  for (const [name, plan] of PLANS) {
    itWith([recentKernel], `${name}: same answers, same records, same tree`, () => {
      fc.assert(
        fc.property(arbitraryActions, (actions) => compareWorlds(newTop(), inotify, actions, plan)),
        { numRuns: RUNS, seed: SEED },
      )
    })
  }

  for (const [name, actions] of hardCases) {
    itWith([recentKernel], name, () => {
      compareWorlds(newTop(), inotify, actions, { top: ALL, below: 0, batch: 1 })
      compareWorlds(newTop(), inotify, actions, { top: ALL, below: 0, batch: Infinity })
    })
  }

  itWith([recentKernel], 'overflow: one record, and no second one before it has been read', () => {
    const limit = inotify.maxQueuedEvents
    const top = newTop()
    const real = new RealWorld(top, inotify)
    const simulated = new SimulatedWorld(top, { maxQueuedEvents: limit })
    // Watched by themselves the records have no name, so that a read of 16 bytes is a read of one record.
    for (const world of [real, simulated]) {
      for (const [handle, path] of ['/a', '/b'].entries()) {
        world.open(path, 'w', handle)
        world.watch(path, INOTIFY.MODIFY)
      }
    }
    const write = (times: number): void => {
      for (let i = 0; i < times; i++) {
        real.write(i % 2, 'x')
        simulated.write(i % 2, 'x')
      }
    }
    const sameRead = (records: number): void =>
      expect(simulated.inotify.read(records)).toEqual(inotify.read(16 * records))
    write(limit + 5)
    sameRead(1)
    write(3)
    sameRead(1)
    write(4)
    sameRead(10)
    write(20)
    // Full again, with the overflow record in the middle: what is lost now is told by no record of its own.
    const rest = simulated.drain()
    expect(rest).toEqual(real.drain())
    expect(rest.filter(({ mask }) => mask === INOTIFY.Q_OVERFLOW)).toHaveLength(1)
    write(limit + 1)
    simulated.unwatch(1)
    real.unwatch(1)
    expect(simulated.drain()).toEqual(real.drain())
    real.end()
    simulated.end()
  })

  itWith([recentKernel], 'a watcher without rights gets the same answers', () => {
    const nobody = process.getuid?.() === 0 ? 65534 : process.getuid!()
    const top = newTop()
    const real = new RealWorld(top, inotify)
    const simulated = new SimulatedWorld(top)
    for (const world of [real, simulated]) {
      world.mkdir('/d')
      world.mkdir('/d/e')
      world.open('/d/f', 'w', 0)
      world.chmod('/d/e', 0o777)
      world.chmod('/d/f', 0o666)
    }
    const answers = (world: World): unknown[] => {
      const seen: unknown[] = []
      for (const mode of [0o777, 0o555, 0o444, 0o111, 0o222, 0o000]) {
        for (const path of ['/d', '/d/e', '/d/f']) {
          world.chmod(path, mode)
          seen.push(
            asUser(nobody, () =>
              ['/d', '/d/', '/d/e', '/d/f', '/d/missing'].map((each) => [
                perform(world, { call: 'watch', args: [each, INOTIFY.CREATE] }),
                world.look(each),
              ]),
            ),
          )
          world.chmod(path, 0o777)
        }
      }
      return seen
    }
    expect(answers(simulated)).toEqual(answers(real))
    real.end()
    simulated.end()
  })

  itWith([recentKernel, program('rm')], 'rm -r gives the same changes', () => {
    const top = newTop()
    const real = new RealWorld(top, inotify)
    const simulated = new SimulatedWorld(top)
    // One entry a directory: the order of entries differs between filesystems.
    const tree = ['/d', '/d/e', '/d/e/f', '/d/e/f/g']
    const changes = ALL & ~(INOTIFY.OPEN | INOTIFY.ACCESS | INOTIFY.CLOSE_NOWRITE)
    for (const world of [real, simulated]) {
      for (const path of tree) {
        world.mkdir(path)
        world.watch(path, changes)
      }
      world.watch('', changes)
      world.open('/d/e/f/g/x', 'w', 0)
      world.close(0)
      world.drain()
    }
    execFileSync('rm', ['-r', `${top}/d`])
    simulated.fs.removeTree(`${top}/d`)
    const records = new Canonical().of(real.drain())
    expect(new Canonical().of(simulated.drain())).toEqual(records)
    expect(records).toHaveLength(3 * tree.length + 1)
    real.end()
    simulated.end()
  })
})
