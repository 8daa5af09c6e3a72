import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { simulateWatcher, type Operation, type SimulationOptions, type Step } from './simulateWatcher.js'
import { parseWatcherScript, printWatcherScript } from './watcherScript.js'

const pathOf = (...names: string[]) =>
  fc
    .tuple(
      fc.constantFrom('/w', '/w', '/w', '/w', '/o'),
      fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
    )
    .map(([top, parts]) => `${top}/${parts.join('/')}`)

// Few names, so that paths meet often.
const path = pathOf('a', 'b', 'c')

const single = (call: 'mkdir' | 'mknod' | 'append' | 'unlink' | 'rmdir', at = path) =>
  at.map((where): Operation => ({ call, path: where }))
const double = (call: 'rename' | 'exchange', from = path, to = path) =>
  fc.tuple(from, to).map(([old, name]): Operation => ({ call, path: old, to: name }))

const operation = fc.oneof(
  { weight: 4, arbitrary: single('mkdir') },
  { weight: 2, arbitrary: single('mknod') },
  { weight: 1, arbitrary: single('append') },
  { weight: 1, arbitrary: single('unlink') },
  { weight: 2, arbitrary: single('rmdir') },
  { weight: 5, arbitrary: double('rename') },
)

const steps = (operations: fc.Arbitrary<Operation>, ...more: fc.WeightedArbitrary<Step>[]) =>
  fc.array(
    fc.oneof(
      ...more,
      { weight: 4, arbitrary: operations.map((what): Step => ({ do: what })) },
      { weight: 3, arbitrary: operations.map((what): Step => ({ inside: what })) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }).map((read): Step => ({ read })) },
    ),
    { minLength: 1, maxLength: 40, size: 'max' },
  )

const tree = ['/w/a/b/', '/w/a/c', '/o/b/a/']
// A change is judged by the same runs each time. Others: SIMULATION_SEED=2 SIMULATION_SHARE=10
const seed = Number(process.env.SIMULATION_SEED ?? 1)
const share = Number(process.env.SIMULATION_SHARE ?? 1)

function faultsOf(list: readonly Step[], options: SimulationOptions): string[] {
  try {
    return simulateWatcher(list, options)
  } catch (error) {
    return [String(error)]
  }
}

function holds(
  operations: fc.Arbitrary<Operation>,
  given: SimulationOptions,
  parameters: fc.Parameters<[Step[]]>,
  ...more: fc.WeightedArbitrary<Step>[]
): void {
  const options = { tree, ...given }
  fc.assert(
    fc.property(steps(operations, ...more), (list) => {
      const faults = faultsOf(list, options)
      // As it is kept, when it has been shrunk: see scripts/.
      if (faults.length > 0) {
        throw new Error(`${printWatcherScript({ steps: list, options })}\n\n${faults.join('\n')}`)
      }
    }),
    { seed, ...parameters },
  )
}

const look = { weight: 1, arbitrary: fc.constant<Step>({ look: true }) }

const folder = join(process.cwd(), 'test/simulation/scripts')

describe('Watcher in simulated runs that once went wrong', () => {
  it.each(readdirSync(folder))('%s', (file) => {
    const { steps: list, options } = parseWatcherScript(readFileSync(join(folder, file), 'utf8'))
    expect(faultsOf(list, options)).toEqual([])
  })

  it('prints a run as it is read', () => {
    for (const file of readdirSync(folder)) {
      const [, ...lines] = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')
      expect(
        printWatcherScript(parseWatcherScript(lines.join('\n')))
          .split('\n')
          .sort(),
      ).toEqual(lines.sort())
    }
    expect(() => parseWatcherScript('rad 3')).toThrow('not a line')
  })
})

describe('Watcher on a simulated kernel', () => {
  it('tells each change once, under the path that is right, whatever happens in between', () => {
    holds(operation, {}, { numRuns: 30_000 * share })
  })

  it('starts with the truth, whatever happens during the first crawl', () => {
    holds(operation, { fromTheStart: true }, { numRuns: 12_000 * share })
  })

  it('is whole again after overflows', () => {
    holds(operation, { maxQueuedEvents: 6 }, { numRuns: 12_000 * share })
  })

  it('is whole again after overflows that a thread has read before the watching code knows of them', () => {
    const count = fc.integer({ min: 1, max: 8 })
    const write = { weight: 10, arbitrary: fc.constant<Step>({ do: { call: 'append', path: '/w/z' } }) }
    const drain = { weight: 3, arbitrary: count.map((drained): Step => ({ drain: drained })) }
    const inside = { weight: 3, arbitrary: count.map((drained): Step => ({ drainInside: drained })) }
    const full = [...tree, '/w/z']
    holds(operation, { maxQueuedEvents: 4, tree: full }, { numRuns: 6_000 * share }, write, drain, inside)
  })

  it('tells what was written at the moment of a rename under the name that it has when it is told', () => {
    const append = single('append')
    const late = { weight: 2, arbitrary: append.map((what): Step => ({ late: what })) }
    const early = { weight: 2, arbitrary: append.map((what): Step => ({ early: what })) }
    const withFiles = fc.oneof({ weight: 10, arbitrary: operation }, { weight: 4, arbitrary: append })
    holds(withFiles, {}, { numRuns: 10_000 * share }, late, early)
  })

  it('tells as renamed only what was, when the queue overflows at once', () => {
    const from = fc.constantFrom(
      '/w/a',
      '/w/a/b',
      '/w/a/c',
      '/w/a/b/a',
      '/w/b',
      '/w/b/c',
      '/w/d',
      '/w/d/e',
      '/w/e/d',
    )
    const to = pathOf('d', 'e', 'f')
    const moves = fc.oneof(
      { weight: 8, arbitrary: double('rename', from, to) },
      { weight: 2, arbitrary: single('mkdir', to) },
      { weight: 1, arbitrary: single('mknod', to) },
      { weight: 1, arbitrary: single('rmdir', from) },
      { weight: 1, arbitrary: single('unlink', from) },
    )
    const report = { renamed: 0, events: [] }
    const full = ['/w/a/b/', '/w/a/b/a', '/w/a/c', '/w/b/c/', '/w/d/e/']
    holds(moves, { maxQueuedEvents: 2, tree: full, report }, { numRuns: 10_000 * share })
    expect(report.renamed).toBeGreaterThan(2000 * share)
  })

  it('tells what was renamed while records were lost, wherever it went', () => {
    const report = { renamed: 0, events: [] as readonly string[] }
    const faults = simulateWatcher(
      [
        { do: { call: 'rename', path: '/w/a', to: '/w/d' } },
        { do: { call: 'mkdir', path: '/w/e' } },
        { do: { call: 'rename', path: '/w/d/c', to: '/w/e/c' } },
        { do: { call: 'rename', path: '/w/d/b', to: '/w/e/b' } },
        { do: { call: 'rename', path: '/w/e/b/f', to: '/w/e/g' } },
        { do: { call: 'rmdir', path: '/w/d' } },
      ],
      { tree: ['/w/a/b/', '/w/a/b/f', '/w/a/c'], maxQueuedEvents: 2, report },
    )
    expect(faults).toEqual([])
    const renamed = report.events.filter((line) => /^(40000)?0?(40|80) /.test(line))
    expect(renamed.map((line) => line.replace(/^\w+ /, '').replace(' (synthetic)', ''))).toEqual([
      ...['/w/a', '/w/d', '/w/d/c', '/w/e/c', '/w/d/b/f', '/w/e/g', '/w/d/b', '/w/e/b'],
    ])
    expect(report.renamed).toBe(3)
  })

  it('finds what other machines change, and tells it once', () => {
    const remote = { weight: 3, arbitrary: operation.map((what): Step => ({ remote: what })) }
    holds(operation, { blind: true }, { numRuns: 10_000 * share }, remote, look)
  })

  it('compares what is beyond the watch limit, and watches it when it can', () => {
    holds(operation, { maxWatches: 3 }, { numRuns: 10_000 * share }, look)
  })

  it('goes on without what it may not read, and tells it when it may', () => {
    const mode = fc.constantFrom('000', '300', '444', '644', '755', '755')
    const chmod = fc.tuple(path, mode).map(([at, to]): Operation => ({ call: 'chmod', path: at, to }))
    const withLocks = fc.oneof({ weight: 6, arbitrary: operation }, { weight: 4, arbitrary: chmod })
    holds(withLocks, { locks: true }, { numRuns: 10_000 * share })
  })

  it('follows links, and tells each directory once', () => {
    const target = fc.constantFrom('/o', '/o/b', '/w/a', '/w/a/b', 'a', '../o')
    const link = fc.tuple(path, target).map(([at, to]): Operation => ({ call: 'symlink', path: at, to }))
    const withLinks = fc.oneof({ weight: 6, arbitrary: operation }, { weight: 4, arbitrary: link })
    holds(withLinks, { followSymlinks: true }, { numRuns: 10_000 * share }, look)
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
