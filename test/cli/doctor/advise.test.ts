import { describe, expect, it } from '@jest/globals'
import { advise } from '../../../src/cli/doctor/advise.js'
import type { PathState } from '../../../src/cli/doctor/examinePath.js'
import type { InotifyView } from '../../../src/linux/filesystemTypes.js'
import { examineSystem, type SystemState } from '../../../src/cli/doctor/examineSystem.js'
import { enoughInstances, enoughWatches, inotifyLimit } from '../../../src/linux/inotifyErrors.js'

const system: SystemState = {
  ...examineSystem(),
  bindings: [{ name: 'koffi', problem: undefined, chosen: true }],
  watches: { limit: 1100, used: 100, free: 1000 },
  instances: { limit: 128, used: 127, free: 1 },
}
const path = (change: Partial<PathState>): PathState => ({
  path: '/r',
  isDirectory: true,
  directories: 6,
  watchesNeeded: 10,
  unreadable: 0,
  crawlMs: 1,
  mounts: [],
  heaviest: [],
  ...change,
})
const required = (state: SystemState, watched?: PathState) =>
  advise(state, watched).map(({ required: must, sysctl }) => [must, sysctl])

describe('advise', () => {
  it('has nothing to say when all is well', () => {
    expect(advise(system, undefined)).toEqual([])
    expect(advise(system, path({ watchesNeeded: 500 }))).toEqual([])
  })

  it('requires more watches when there are too few, and only suggests them when they are just enough', () => {
    expect(required(system, path({ watchesNeeded: 1001 }))).toEqual([[true, enoughWatches(1001)]])
    expect(required(system, path({ watchesNeeded: 1000 }))).toEqual([[false, enoughWatches(1000)]])
    expect(required(system, path({ watchesNeeded: 501 }))).toEqual([[false, enoughWatches(501)]])
    const unlimited = { ...system, watches: { limit: undefined, used: 5, free: Infinity } }
    expect(required(unlimited, path({ watchesNeeded: 1e6 }))).toEqual([])
  })

  it('computes the setting from the need', () => {
    const limit = inotifyLimit('max_user_watches')!
    const value = (setting: string) =>
      Number(/^(fs\.inotify\.max_user_watches|user\.\S+)=(\d+)$/.exec(setting)![2])
    expect(value(enoughWatches(1))).toBeGreaterThanOrEqual(Math.max(limit, 524_288))
    expect(value(enoughWatches(5_000_000))).toBe(10_000_000 + limit)
  })

  it('requires an instance and a binding', () => {
    const none = { ...system, instances: { limit: 128, used: 128, free: 0 } }
    expect(required(none)).toEqual([[true, enoughInstances()]])
    const broken = { ...system, bindings: [{ name: 'koffi', problem: 'no', chosen: false } as const] }
    expect(required(broken)).toEqual([[true, undefined]])
  })

  it('warns of what cannot be read and of what inotify does not see', () => {
    expect(advise(system, path({ unreadable: 1 }))[0]!.message).toContain('1 directory cannot be read')
    const mount = { id: 1, parent: 0, device: '0:1', root: '/', mountPoint: '/r', type: 'nfs', source: '' }
    const advised = (view: InotifyView, isFile = false) => {
      const advice = advise(
        system,
        path({ mounts: [{ mount, view, isFile, below: '', fanotify: undefined }] }),
      )
      expect(advice.every(({ required, sysctl }) => !required && sysctl === undefined)).toBe(true)
      return advice.map(({ message }) => message.split(/[:.,]/)[0])
    }
    const compared = 'What inotify does not see of a filesystem is found by comparing it with the disk'
    const polled = { view: 'partial', polled: true, blind: 'changes made by other machines' } as const
    expect(advised(polled)).toEqual([compared])
    expect(advised(polled, true)).toEqual([compared])
    const kernel = { view: 'partial', polled: false, blind: 'changes that the kernel makes itself' } as const
    expect(advised(kernel)).toEqual(['Nothing tells the changes that the kernel makes itself'])
    for (const view of ['unknown', 'full'] as const) {
      expect(advised({ view, polled: false })).toEqual([])
      expect(advised({ view, polled: false }, true)).toEqual([
        'Nothing tells the changes of a single file that is mounted over a name',
      ])
    }
  })
})
